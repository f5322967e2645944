import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMariadb } from "../servers/mariadb.ts";
import { startMosquitto } from "../servers/mosquitto.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import { freePort } from "../servers/server-process.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { WhorlProcess } from "../whorl-process.ts";
import { allCases, guestOf, namedCases } from "./interfaces/all-cases.ts";
import { apartAppFiles, mainAppFiles } from "./interfaces/app-files.ts";
import type { InterfaceCase, Places } from "./interfaces/interface-case.ts";

let stack: AsyncDisposableStack;
let apps: Record<InterfaceCase["app"], WhorlProcess>;
let cases: InterfaceCase[];
/** A store without its server answers after seconds: all of those are asked for at once. */
let slow: Map<InterfaceCase, Promise<unknown>>;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const places = await startPlaces(stack);
  cases = allCases(places);
  const [main, apart] = await Promise.all([up(mainAppFiles(places)), up(await apartAppFiles())]);
  apps = { main, apart };
  const waiting = cases.filter(({ args }) => args[0] === "down");
  slow = new Map(waiting.map((each) => [each, answerOf(each)]));
  await Promise.allSettled(slow.values());
});

async function up(files: Readonly<Record<string, string | Uint8Array>>): Promise<WhorlProcess> {
  const folder = stack.use(new TemporaryFolder(files));
  return stack.use(
    await WhorlProcess.up(folder.path, [
      ...["--runtime-config-file", folder.file("runtime.toml")],
      ...["--variable", "greeting=hello"],
    ]),
  );
}

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

async function startPlaces(servers: AsyncDisposableStack): Promise<Places> {
  const started = await Promise.all([
    startRedis({ password: "pass" }),
    startRedis({ renamed: { SADD: "ADD", SET: "SADD" } }),
    startMosquitto({ login: { username: "sensor", password: "s3 cret" } }),
    startMariadb(),
    startPostgres(),
    startPostgres({ tls: true }),
  ]);
  for (const server of started) servers.use(server);
  const [redis, renamed, mosquitto, mariadb, postgres, postgresTls] = started;
  const web = createServer((request, response) => void serve(request, response));
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  servers.defer(() => closed(web));
  await allowReading(redis.url);
  return {
    redis: redis.url,
    redisReader: redis.url.replace(/\/\/.*@/, "//reader:pass@"),
    redisRenamed: renamed.url,
    mysql: mariadb.url,
    postgres: postgres.url,
    postgresTls: `${postgresTls.url}?sslmode=require`,
    authority: postgresTls.certificate?.ca.toString() ?? "",
    mqtt: `${mosquitto.url}?client_id=whorl`,
    web: `http://127.0.0.1:${(web.address() as AddressInfo).port}`,
    nowhere: `127.0.0.1:${await freePort()}`,
  };
}

/** Makes a user that may do nothing else. */
async function allowReading(url: string): Promise<void> {
  const client = new Redis(url);
  await client.call("ACL", "SETUSER", "reader", "on", ">pass", "~*", "&*", "+get", "+ping");
  client.disconnect();
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

/** An inference server of OpenAI's form, and what the HTTP cases ask for. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const body = text === "" ? undefined : (JSON.parse(text) as Asked);
  const { method = "", url: path = "", headers } = request;
  switch (path) {
    case "/v1/chat/completions":
      response.end(JSON.stringify(completion(body)));
      break;
    case "/v1/embeddings":
      response.end(JSON.stringify(embeddings(body)));
      break;
    case "/redirect":
      response.writeHead(303, { location: "/echo" }).end();
      break;
    case "/astray":
      response.writeHead(302, { location: "http://127.0.0.1:9/" }).end();
      break;
    case "/loop":
      response.writeHead(302, { location: "/loop" }).end();
      break;
    default: {
      const header = method === "POST" ? headers["x-a"] : undefined;
      response.end(JSON.stringify({ method, path, header, body }));
    }
  }
}

interface Asked {
  readonly messages?: readonly { readonly content: string }[];
  readonly input?: readonly string[];
}

const refusal = { error: { message: "no" } };

function embeddings(body: Asked | undefined): object {
  const texts = body?.input ?? [];
  if (texts[0] === "fail") return refusal;
  return { data: texts.map(() => ({ embedding: [0.5, 1] })), usage: { prompt_tokens: 2 } };
}

function completion(body: Asked | undefined): object {
  const prompt = body?.messages?.[0]?.content ?? "";
  if (prompt === "fail") return refusal;
  return {
    choices: [{ message: { content: `tiny says: ${prompt}` } }],
    usage: { prompt_tokens: 2, completion_tokens: 3 },
  };
}

async function answerOf({ interfaceName, asked, args, app }: InterfaceCase): Promise<unknown> {
  const whorl = apps[app];
  const { path } = guestOf(interfaceName);
  const url = `${whorl.url}/${path}/${encodeURIComponent(asked)}`;
  const response = await fetch(url, { method: "POST", body: JSON.stringify(args) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}\n${whorl.stderr}`);
  return JSON.parse(text);
}

describe.each([...Map.groupBy(namedCases.entries(), ([, row]) => row.interfaceName)])(
  "%s",
  (_, group) => {
    test.each(group.map(([index, row]) => [row.functionName, row.about, index] as const))(
      "%s: %s",
      async (...[, , index]) => {
        const row = cases[index];
        if (row === undefined) throw new Error(`no case ${index}`);
        expect(await (slow.get(row) ?? answerOf(row))).toEqual(row.expected);
      },
    );
  },
);

test.each([
  ["host of Redis", 'may not reach "redis://127.0.0.1:9"', "allowed_outbound_hosts"],
  ["host of PostgreSQL", 'may not reach "postgres://127.0.0.1:9"', "allowed_outbound"],
  ["key-value store", 'may not use "hidden"', "key_value_stores"],
  ["database", 'may not use "hidden"', "sqlite_databases"],
  ["model", 'may not use "huge"', "ai_models"],
  ["variable", 'has no variable "nothing"', "variables"],
])("the log tells once of a %s that is refused", (_, text, remedy) => {
  const lines = apps.main.stderr.split("\n").filter((line) => {
    return line.includes(`component "spin2" ${text}`);
  });
  expect(lines.filter((line) => line.includes(remedy))).toHaveLength(1);
});

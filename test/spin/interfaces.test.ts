import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MariadbServer, startMariadb } from "../servers/mariadb.ts";
import { type MosquittoServer, startMosquitto } from "../servers/mosquitto.ts";
import { type PostgresServer, startPostgres } from "../servers/postgres.ts";
import { type RedisServer, startRedis } from "../servers/redis.ts";
import { freePort } from "../servers/server-process.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";
import { allCases, guestOf, guests } from "./interfaces/all-cases.ts";
import type { InterfaceCase, Places } from "./interfaces/interface-case.ts";

/** Names of the rows are the same wherever the servers listen. */
const rows = allCases({
  ...{ redis: "", mysql: "mysql://", postgres: "postgres://", postgresTls: "", authority: "" },
  ...{ mqtt: "", web: "", nowhere: "" },
});

let stack: AsyncDisposableStack;
let whorl: WhorlProcess;
let cases: InterfaceCase[];
/** A store without its server answers after seconds: all of those are asked for at once. */
let slow: Map<InterfaceCase, Promise<unknown>>;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const places = await startPlaces(stack);
  cases = allCases(places);
  const folder = stack.use(new TemporaryFolder(files(places)));
  whorl = stack.use(
    await WhorlProcess.up(folder.path, [
      ...["--runtime-config-file", folder.file("runtime.toml")],
      ...["--variable", "greeting=hello"],
    ]),
  );
  const waiting = cases.filter(({ args }) => args[0] === "down");
  slow = new Map(waiting.map((each) => [each, answerOf(each)]));
  await Promise.allSettled(slow.values());
});

afterAll(async () => {
  await stack[Symbol.asyncDispose]();
});

async function startPlaces(servers: AsyncDisposableStack): Promise<Places> {
  const started: [RedisServer, MosquittoServer, MariadbServer, PostgresServer, PostgresServer] =
    await Promise.all([
      startRedis({ password: "pass" }),
      startMosquitto({ login: { username: "sensor", password: "s3 cret" } }),
      startMariadb(),
      startPostgres(),
      startPostgres({ tls: true }),
    ]);
  for (const server of started) servers.use(server);
  const [redis, mosquitto, mariadb, postgres, postgresTls] = started;
  const web = createServer((request, response) => void serve(request, response));
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  servers.defer(() => closed(web));
  return {
    redis: redis.url,
    mysql: mariadb.url,
    postgres: postgres.url,
    postgresTls: `${postgresTls.url}?sslmode=require`,
    authority: postgresTls.certificate?.ca.toString() ?? "",
    mqtt: `${mosquitto.url}?client_id=whorl`,
    web: `http://127.0.0.1:${(web.address() as AddressInfo).port}`,
    nowhere: `127.0.0.1:${await freePort()}`,
  };
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

function files(places: Places): Record<string, string> {
  const { redis, mysql, postgres, postgresTls, mqtt, web, nowhere } = places;
  const hosts = [redis, mysql, postgres, postgresTls, mqtt, web].map((url) => new URL(url).host);
  const allowed = [...hosts, nowhere].map((host) => `"*://${host}"`).join(", ");
  const routes = new Map(
    rows.map(({ interfaceName }) => [guestOf(interfaceName).path, guestOf(interfaceName).guest]),
  );
  const triggers = [...routes].map(
    ([path, guest]) => `
[[trigger.http]]
route = "/${path}/..."
component = "${guest}"`,
  );
  const component = (guest: string): string => `
[component.${guest}]
source = "${wasmApp(`${guest}-rust/${guest}.wasm`)}"
key_value_stores = ["default", "down"]
sqlite_databases = ["default"]
ai_models = ["tiny"]
allowed_outbound_hosts = [${allowed}]
[component.${guest}.variables]
greeting = "{{ greeting }}"
unreachable = "{{ unreachable }}"
`;
  return {
    "spin.toml": `
spin_manifest_version = 2
[application]
name = "interfaces"
[variables]
greeting = { default = "" }
unreachable = { default = "" }
${triggers.join("")}
${guests.map(component).join("")}`,
    "runtime.toml": `
[[variables_provider]]
type = "vault"
url = "http://${nowhere}"
token = "x"
mount = "secret"
[key_value_store.default]
type = "spin"
path = "keys.db"
[key_value_store.down]
type = "redis"
url = "redis://${nowhere}"
[llm_compute]
type = "remote_http"
url = "${web}"
auth_token = "x"
api_type = "open_ai"
`,
  };
}

async function answerOf({ interfaceName, asked, args }: InterfaceCase): Promise<unknown> {
  const { path } = guestOf(interfaceName);
  const url = `${whorl.url}/${path}/${encodeURIComponent(asked)}`;
  const response = await fetch(url, { method: "POST", body: JSON.stringify(args) });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}\n${whorl.stderr}`);
  return JSON.parse(text);
}

describe.each([...Map.groupBy(rows.entries(), ([, row]) => row.interfaceName)])(
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

import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { connectAsync, type MqttClient } from "mqtt";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HttpService } from "../servers/http-service.ts";
import { type MosquittoServer, startMosquitto } from "../servers/mosquitto.ts";
import { type PostgresServer, startPostgres } from "../servers/postgres.ts";
import { type RedisServer, startRedis } from "../servers/redis.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { buildPythonApp } from "../wasm-apps/build-python.ts";
import { buildTypescriptApp } from "../wasm-apps/build-typescript.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

/** Stores in memory: the apps' folders stay as they are. */
async function up(folder: string, args: readonly string[] = []): Promise<WhorlProcess> {
  return await WhorlProcess.up(folder, ["--state-dir", "", ...args]);
}

describe("url-shortener", () => {
  let state: TemporaryFolder;
  let whorl: WhorlProcess;
  beforeAll(async () => {
    state = new TemporaryFolder({});
    whorl = await up(buildTypescriptApp("url-shortener"), ["--state-dir", state.path]);
  });
  afterAll(async () => {
    await whorl?.[Symbol.asyncDispose]();
    state[Symbol.dispose]();
  });

  async function shorten(body: string): Promise<{ status: number; answer: Shortened }> {
    const response = await fetch(whorl.url, { method: "POST", body });
    return { status: response.status, answer: (await response.json()) as Shortened };
  }

  test("a link leads to its address and is counted", async () => {
    const url = "https://example.org/a/long/path?with=query";
    const first = await shorten(JSON.stringify({ url }));
    expect(first).toEqual({
      status: 201,
      answer: {
        code: expect.stringMatching(/^\w{7}$/),
        short: `${whorl.url}/${first.answer.code}`,
      },
    });
    expect(await shorten(JSON.stringify({ url }))).toEqual(first);
    for (const _ of [1, 2]) {
      const followed = await fetch(first.answer.short, { redirect: "manual" });
      expect([followed.status, followed.headers.get("location")]).toEqual([302, url]);
    }
    const stats = await fetch(`${first.answer.short}/stats`);
    expect(await stats.json()).toEqual({ url, followed: 2 });
  });

  test.each(["", "[]", '{"url":"javascript:alert(1)"}', `{"url":"'); DROP TABLE links; --"}`])(
    "%j is no address",
    async (body) => {
      expect((await shorten(body)).status).toBe(400);
    },
  );

  test.each(["/none", "/", "/' OR 1=1 --", "/a/stats"])("%j leads nowhere", async (path) => {
    expect((await fetch(`${whorl.url}${path}`)).status).toBe(404);
  });
});

interface Shortened {
  readonly code: string;
  readonly short: string;
}

describe("order-workflow", () => {
  let stack: AsyncDisposableStack;
  let servers: [RedisServer, PostgresServer, MosquittoServer];
  let whorl: WhorlProcess;
  let redis: Redis;
  let broker: MqttClient;
  const published: string[] = [];

  beforeAll(async () => {
    stack = new AsyncDisposableStack();
    const folder = buildPythonApp("order-workflow");
    servers = await Promise.all([startRedis(), startPostgres(), startMosquitto()]);
    const [redisServer, postgres, mosquitto] = servers;
    for (const server of servers) stack.use(server);
    broker = stack.adopt(await connectAsync(mosquitto.url), (client) => client.endAsync());
    broker.on("message", (topic, payload) => published.push(`${topic} ${payload.toString()}`));
    await broker.subscribeAsync("orders/#", { qos: 1 });
    const variables = {
      redis_address: redisServer.url,
      database_address: postgres.url,
      database_host: `127.0.0.1:${postgres.port}`,
      mqtt_address: `${mosquitto.url}?client_id=orders`,
      mqtt_host: `127.0.0.1:${mosquitto.port}`,
    };
    const args = Object.entries(variables).flatMap((each) => ["--variable", each.join("=")]);
    whorl = stack.use(await up(folder, args));
    redis = stack.adopt(new Redis(redisServer.url), (client) => client.disconnect());
  });
  afterAll(async () => await stack?.[Symbol.asyncDispose]());

  /** Again and again until it arrives: nothing says when the app has subscribed. */
  async function order(text: string, expected: RegExp): Promise<string> {
    const timer = setInterval(() => void redis.publish("orders", text).catch(() => 0), 200);
    try {
      return await whorl.output("stdout", expected);
    } finally {
      clearInterval(timer);
    }
  }

  async function connected(): Promise<{ readonly client: Client } & AsyncDisposable> {
    const client = new Client({ connectionString: servers[1].url });
    await client.connect();
    return { client, [Symbol.asyncDispose]: () => client.end() };
  }

  async function query(text: string): Promise<unknown[]> {
    await using database = await connected();
    return (await database.client.query<Record<string, unknown>>(text)).rows;
  }

  test("an order is stored and published once", async () => {
    await order('{"id":"A-1","item":"lamp","quantity":2}', /known A-1/);
    expect(whorl.stdout.match(/accepted A-1/g)).toHaveLength(1);
    expect(published).toEqual(['orders/A-1/accepted {"item": "lamp", "quantity": 2}']);
    const rows = await query("SELECT id, item, quantity FROM orders");
    expect(rows).toEqual([{ id: "A-1", item: "lamp", quantity: 2 }]);
  });

  test("an order is accepted that comes while another one just makes the table", async () => {
    await query("DROP TABLE orders");
    await using other = await connected();
    await other.client.query("BEGIN; SELECT pg_advisory_xact_lock(hashtext('orders'))");
    await other.client.query("CREATE TABLE orders (id text PRIMARY KEY, item text, quantity int4)");
    await redis.publish("orders", '{"id":"B-1","item":"desk","quantity":1}');
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    while ((await query(waiting)).length === 0) await delay(10);
    await other.client.query("COMMIT");
    await whorl.output("stdout", /accepted B-1/);
    expect(await query("SELECT id FROM orders")).toEqual([{ id: "B-1" }]);
  });

  test.each(["nonsense", '{"id":"A-2"}', '{"id":"A-2","item":"lamp","quantity":0}'])(
    "%s is no order",
    async (text) => {
      const line = `no order: b'${text}'`;
      expect(await order(text, new RegExp(RegExp.escape(line)))).toBe(line);
    },
  );
});

describe("chat-completion-rust", () => {
  test("asks the model and answers", async () => {
    const asked: unknown[] = [];
    await using model = await HttpService.start((request) => {
      asked.push([request.path, request.body]);
      const choices = [{ message: { role: "assistant", content: " Yes, it is.\n" } }];
      return { status: 200, body: { choices, usage: { prompt_tokens: 9, completion_tokens: 4 } } };
    });
    using folder = new TemporaryFolder({
      "runtime.toml": `[llm_compute]
type = "remote_http"
url = "${model.url}"
auth_token = "x"
api_type = "open_ai"
`,
    });
    const config = ["--runtime-config-file", folder.file("runtime.toml")];
    await using whorl = await up(wasmApp("chat-completion-rust"), config);
    const post = async (body: string): Promise<Response> =>
      await fetch(whorl.url, { method: "POST", body });
    const response = await post('{"question":"Is it?"}');
    expect(await response.json()).toEqual({ answer: "Yes, it is.", tokens: 13 });
    expect(asked).toEqual([
      ["/v1/chat/completions", expect.objectContaining({ model: "tiny" }) as unknown],
    ]);
    expect(JSON.stringify(asked)).toContain("Question: Is it?");
    expect((await post("nonsense")).status).toBe(400);
    expect((await post(`{"question":"${"?".repeat(2001)}"}`)).status).toBe(413);
    expect((await fetch(whorl.url)).status).toBe(405);
    await model[Symbol.asyncDispose]();
    expect((await post('{"question":"Still?"}')).status).toBe(502);
  });
});

describe("static-site-rust", () => {
  let whorl: WhorlProcess;
  beforeAll(async () => {
    whorl = await up(wasmApp("static-site-rust"));
  });
  afterAll(async () => await whorl?.[Symbol.asyncDispose]());

  test.each([
    ["/", 200, "text/html; charset=utf-8", "A site out of a component"],
    ["/index.html?a=b", 200, "text/html; charset=utf-8", "A site out of a component"],
    ["/%63ss/site.css", 200, "text/css; charset=utf-8", "max-width"],
    ["/none.html", 404, null, ""],
    ["/css", 404, null, ""],
    ["/css/..%2findex.html", 404, null, ""],
    ["/%zz", 404, null, ""],
  ])("%s: %i", async (path, status, type, text) => {
    const response = await fetch(`${whorl.url}${path}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([status, type]);
    expect(await response.text()).toContain(text);
  });

  test("what the client has is not sent again", async () => {
    const first = await fetch(whorl.url);
    const etag = first.headers.get("etag") ?? "";
    const length = (await first.arrayBuffer()).byteLength;
    expect(first.headers.get("content-length")).toBe(String(length));
    const again = await fetch(whorl.url, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });

  test("nothing can be written", async () => {
    const response = await fetch(whorl.url, { method: "PUT", body: "x" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("hello-python", () => {
  test("greets", async () => {
    await using whorl = await up(buildPythonApp("hello-python"));
    const answers = await Promise.all(
      ["", "ada"].map(async (name) => await (await fetch(`${whorl.url}/${name}`)).text()),
    );
    expect(answers).toEqual(["Hello from Python, Whorl\n", "Hello from Python, ada\n"]);
  });
});

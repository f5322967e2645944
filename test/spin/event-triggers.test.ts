import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Redis } from "ioredis";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startElasticMq } from "../servers/elasticmq.ts";
import type { ElasticMq } from "../servers/elasticmq.ts";
import { startMosquitto } from "../servers/mosquitto.ts";
import type { MosquittoServer } from "../servers/mosquitto.ts";
import { startRedis } from "../servers/redis.ts";
import type { RedisServer } from "../servers/redis.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const login = { username: "sensor", password: "s3 cret" };
const aws = {
  AWS_REGION: "eu-north-1",
  AWS_ACCESS_KEY_ID: "x",
  AWS_SECRET_ACCESS_KEY: "x",
};

let redis: RedisServer;
let mosquitto: MosquittoServer;
let queues: ElasticMq;
let folder: TemporaryFolder;
let whorl: WhorlProcess;

beforeAll(async () => {
  [redis, mosquitto, queues] = await Promise.all([
    startRedis({ password: "pass" }),
    startMosquitto({ login }),
    startElasticMq(["orders"]),
  ]);
  folder = new TemporaryFolder({ "spin.toml": manifest() });
  whorl = await WhorlProcess.up(folder.path, [], { ...aws, AWS_ENDPOINT_URL: queues.endpoint });
});

afterAll(async () => {
  await whorl?.[Symbol.asyncDispose]();
  folder?.[Symbol.dispose]();
  await redis?.[Symbol.asyncDispose]();
  await mosquitto?.[Symbol.asyncDispose]();
  await queues?.[Symbol.asyncDispose]();
});

/** All kinds of triggers in one app; HTTP beside them says when it is ready. */
function manifest(): string {
  const source = `source = "${wasmApp("events-rust/events.wasm")}"`;
  return `
spin_manifest_version = 2
[application]
name = "events"
[application.trigger.redis]
address = "${redis.url}"
[application.trigger.mqtt]
address = "${mosquitto.url}"
username = "${login.username}"
password = "${login.password}"
keep_alive_interval = "5"
[[trigger.http]]
route = "/v1/..."
component = "first"
[[trigger.redis]]
channel = "news"
component = "first"
[[trigger.redis]]
channel = "news"
component = "second"
[[trigger.mqtt]]
topic = "house/+/temperature"
qos = "1"
component = "first"
[[trigger.sqs]]
queue_url = "${queues.queueUrl("orders")}"
idle_wait_seconds = 0
system_attributes = ["SenderId"]
message_attributes = ["All"]
component = "first"
[[trigger.cron]]
cron_expression = "* * * * * *"
component = "second"
[component.first]
${source}
[component.second]
${source}
`;
}

async function expectOutput(stream: "stdout" | "stderr", pattern: RegExp): Promise<void> {
  expect(await whorl.output(stream, pattern)).toMatch(pattern);
}

test("the app says what it waits for", () => {
  expect(whorl.stdout).toContain('first: messages of channel "news" (redis)');
  expect(whorl.stdout).toContain('first: messages of topic "house/+/temperature" (mqtt)');
  expect(whorl.stdout).toContain(`first: messages of ${queues.queueUrl("orders")} (sqs)`);
  expect(whorl.stdout).toContain("second: * * * * * * (cron, UTC)");
  expect(whorl.stdout).not.toContain(login.password);
});

describe("redis", () => {
  let client: Redis;

  beforeAll(() => {
    client = new Redis(redis.url, { maxRetriesPerRequest: null });
  });

  afterAll(() => client.disconnect());

  /** Again and again: nothing says when the app has subscribed. */
  async function expectPublished(text: string, expected: RegExp): Promise<void> {
    const timer = setInterval(() => void client.publish("news", text).catch(() => 0), 50);
    try {
      const stream = expected.source.startsWith("error") ? "stderr" : "stdout";
      expect(await whorl.output(stream, expected)).toMatch(expected);
    } finally {
      clearInterval(timer);
    }
  }

  test("every component of a channel gets its messages", async () => {
    await expectPublished("hello äö", /\[first\] redis: hello äö\n/);
    await whorl.output("stdout", /\[second\] redis: hello äö\n/);
  });

  test.each([
    ["fail", /error: .*"first" failed on a message of channel "news": .*returned the error error/],
    ["trap", /error: .*"first" failed on a message of channel "news": .*unreachable\n {4}at /],
  ])("what goes wrong in a guest is told: %s", async (text, expected) => {
    await expectPublished(text, expected);
  });

  test("a server that comes back is found again", async () => {
    await redis.kill();
    await whorl.output("stderr", /redis trigger: no connection to redis:\/\/127/);
    expect(whorl.stderr).not.toContain("pass@");
    await redis.restart();
    await expectPublished("after the crash", /\[first\] redis: after the crash\n/);
  });
});

describe("mqtt", () => {
  async function publish(topic: string, text: string): Promise<void> {
    const client = await connectAsync(mosquitto.url, login);
    await client.publishAsync(topic, text, { qos: 1 });
    await client.endAsync();
  }

  test("messages of a topic with wildcards arrive with their topic", async () => {
    await publish("house/kitchen/temperature", "21.5");
    await expectOutput("stdout", /\[first\] mqtt: house\/kitchen\/temperature 21\.5\n/);
  });

  test.each([
    ["fail", /"first" failed on a message of topic "house\/a\/temperature": .*asked to fail/],
    ["trap", /"first" failed on a message of topic "house\/a\/temperature": .*unreachable/],
  ])("what goes wrong in a guest is told: %s", async (text, expected) => {
    await publish("house/a/temperature", text);
    await expectOutput("stderr", expected);
  });

  test("a broker that comes back is found again", async () => {
    await mosquitto.kill();
    await whorl.output("stderr", /mqtt trigger: no connection to mqtt:/);
    await mosquitto.restart();
    await whorl.output("stderr", /mqtt trigger: connected to mqtt:.* again/);
    await publish("house/hall/temperature", "19");
    await expectOutput("stdout", /\[first\] mqtt: house\/hall\/temperature 19\n/);
  });
});

describe("sqs", () => {
  let client: SQSClient;

  beforeAll(() => {
    client = new SQSClient({
      endpoint: queues.endpoint,
      region: aws.AWS_REGION,
      credentials: { accessKeyId: "x", secretAccessKey: "x" },
    });
  });

  afterAll(() => client.destroy());

  async function send(body: string): Promise<void> {
    const text = { DataType: "String", StringValue: "yes" };
    const bytes = { DataType: "Binary", BinaryValue: new Uint8Array([1, 2]) };
    const MessageAttributes = { Urgent: text, Seal: bytes };
    const QueueUrl = queues.queueUrl("orders");
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body, MessageAttributes }));
  }

  async function messagesInQueue(): Promise<number> {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queues.queueUrl("orders"),
        AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
      }),
    );
    return Object.values(Attributes ?? {}).reduce((sum, value) => sum + Number(value), 0);
  }

  test("a message arrives with its attributes and is deleted", async () => {
    await send("one order");
    const line = await whorl.output("stdout", /\[first\] sqs: one order .*\n/);
    expect(line).toContain("SenderId:-=");
    expect(line).toContain("Urgent:String=yes");
    expect(line).toContain("Seal:Binary=[1, 2]");
    await expect.poll(messagesInQueue, { timeout: 10_000 }).toBe(0);
  });

  test("a message that the guest leaves comes again", async () => {
    await send("leave it");
    await expectOutput("stdout", /sqs: leave it(.|\n)*sqs: leave it/);
  });

  test("a message that a guest fails on is told and comes again", async () => {
    await send("fail please");
    await whorl.output("stdout", /sqs: fail please(.|\n)*sqs: fail please/);
    expect(whorl.stderr).toMatch(/"first" failed on message [\w-]+: .*asked to fail/);
  });
});

test("cron calls at every point in time, in seconds since 1970", async () => {
  const lines = await whorl.output(
    "stdout",
    /\[second\] cron: (\d+)\n(?:(?!cron)(?:.|\n))*\[second\] cron: \d+\n/,
  );
  const [first = 0, second = 0] = [...lines.matchAll(/cron: (\d+)/g)].map(([, text]) =>
    Number(text),
  );
  expect(second).toBe(first + 1);
  expect(Math.abs(first - Date.now() / 1000)).toBeLessThan(600);
});

describe("fermyon:spin/inbound-http", () => {
  test("gets the whole request and answers it", async () => {
    const response = await fetch(`${whorl.url}/v1/a%20b?c=d`, { method: "PUT", body: "text" });
    expect([response.status, await response.text()]).toEqual([201, "Method::Put text"]);
    expect(response.headers.get("x-uri")).toBe("/v1/a%20b?c=d");
    expect(response.headers.get("x-path-info")).toBe("/a%20b");
  });

  test("knows some methods only", async () => {
    const response = await fetch(`${whorl.url}/v1`, { method: "PROPFIND" });
    expect([response.status, await response.text()]).toEqual([405, ""]);
  });

  test.each(["trap", "fail"])("answers 500 when the guest does not: %s", async (body) => {
    const response = await fetch(`${whorl.url}/v1`, { method: "POST", body });
    expect([response.status, await response.text()]).toEqual([500, ""]);
  });

  test("passes a large body on in both directions", async () => {
    const body = "0123456789".repeat(1_000_000);
    const response = await fetch(`${whorl.url}/v1`, { method: "POST", body });
    expect(await response.text()).toBe(`Method::Post ${body}`);
  });
});

test("the app ends in order although servers are connected", async () => {
  whorl.signal("SIGTERM");
  expect(await whorl.ended()).toBe(0);
});

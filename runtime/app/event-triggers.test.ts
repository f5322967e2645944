import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadApp } from "./load-app.ts";
import { createManifestDirectory, manifestParts } from "./manifest-directory.ts";
import type { ManifestDirectory } from "./manifest-directory.ts";

const { component } = manifestParts;
let directory: ManifestDirectory;

beforeAll(async () => {
  directory = await createManifestDirectory();
});

afterAll(() => directory[Symbol.asyncDispose]());

/** Lines 1 to 4; what follows begins in line 5. */
const head = `spin_manifest_version = 2
application.name = "x"
variables.host = { default = "example.com" }

`;

const redis = { kind: "redis", id: "a-redis-trigger", component: "a" };
const mqtt = { kind: "mqtt", id: "a-mqtt-trigger", component: "a" };
const sqs = { kind: "sqs", id: "a-sqs-trigger", component: "a" };

describe("loadApp reads", () => {
  test.each<[name: string, toml: string, expected: object]>([
    [
      "redis",
      'trigger.redis = [{ component = "a", address = "redis://{{ host }}:1", channel = "{{ host }}" }]',
      { ...redis, address: "redis://{{ host }}:1", channel: "{{ host }}" },
    ],
    [
      "redis with the app's address",
      'application.trigger.redis.address = "redis://b"\n[[trigger.redis]]\ncomponent = "a"\nchannel = "c"',
      { ...redis, address: "redis://b", channel: "c" },
    ],
    [
      "mqtt",
      `[application.trigger.mqtt]
address = "mqtt://{{ host }}"
username = "u"
password = "p"
keep_alive_interval = "30"
[[trigger.mqtt]]
component = "a"
topic = "t/#"
qos = "1"`,
      {
        ...mqtt,
        address: "mqtt://{{ host }}",
        username: "u",
        password: "p",
        keepAliveSeconds: 30,
        topic: "t/#",
        qos: 1,
      },
    ],
    [
      "mqtt with the least",
      'application.trigger.mqtt.address = "mqtt://b"\n[[trigger.mqtt]]\ncomponent = "a"\ntopic = "t"',
      {
        ...mqtt,
        address: "mqtt://b",
        username: "",
        password: "",
        keepAliveSeconds: 60,
        topic: "t",
        qos: 0,
      },
    ],
    [
      "sqs",
      `[[trigger.sqs]]
component = "a"
queue_url = "http://q"
max_messages = 1
idle_wait_seconds = 0
system_attributes = ["All"]
message_attributes = ["m"]`,
      {
        ...sqs,
        queueUrl: "http://q",
        messagesMax: 1,
        idleWaitSeconds: 0,
        systemAttributes: ["All"],
        messageAttributes: ["m"],
      },
    ],
    [
      "sqs with the least",
      '[[trigger.sqs]]\ncomponent = "a"\nqueue_url = "http://q"',
      {
        ...sqs,
        queueUrl: "http://q",
        messagesMax: 10,
        idleWaitSeconds: 2,
        systemAttributes: [],
        messageAttributes: [],
      },
    ],
    [
      "cron",
      '[[trigger.cron]]\nid = "c"\ncomponent = "a"\ncron_expression = "1/2 * * * * *"',
      { kind: "cron", id: "c", component: "a", expression: "1/2 * * * * *" },
    ],
    [
      "command with a component inside",
      '[[trigger.command]]\ncomponent = { source = "a.wasm" }',
      { kind: "command", id: "command-trigger1", component: "command-trigger1-component" },
    ],
  ])("%s", async (_name, toml, expected) => {
    await writeFile(join(directory.path, "spin.toml"), `${head}${toml}\n${component}`);
    const { eventTriggers, httpTriggers } = await loadApp(directory.path);
    expect(httpTriggers).toEqual([]);
    expect(eventTriggers).toEqual([expected]);
  });
});

describe("loadApp refuses", () => {
  test.each<[name: string, toml: string, line: string]>([
    [
      "redis without an address",
      '[[trigger.redis]]\ncomponent = "a"\nchannel = "c"',
      '5:1: missing key "address"; write it here or in [application.trigger.redis]',
    ],
    [
      "redis without a channel",
      '[[trigger.redis]]\ncomponent = "a"\naddress = "redis://b"',
      '5:1: missing key "channel" in [[trigger.redis]]',
    ],
    [
      "mqtt without a broker",
      '[[trigger.mqtt]]\ncomponent = "a"\ntopic = "c"',
      '5:1: missing key "address" in [application.trigger.mqtt]; add that of the broker',
    ],
    [
      "a qos that is none",
      'application.trigger.mqtt.address = "mqtt://b"\n[[trigger.mqtt]]\ncomponent = "a"\ntopic = "c"\nqos = 3',
      "9:7: qos is 0 (at most once), 1 (at least once) or 2 (exactly once)",
    ],
    [
      "too long a keep-alive",
      'application.trigger.mqtt = { address = "mqtt://b", keep_alive_interval = "70000" }\n[[trigger.mqtt]]\ncomponent = "a"\ntopic = "c"',
      "5:74: keep_alive_interval is a number of seconds from 0 to 65535",
    ],
    [
      "an unknown component",
      '[[trigger.command]]\ncomponent = "b"',
      '6:13: unknown component "b"; add [component.b]',
    ],
    ["no component", "[[trigger.command]]", '5:1: missing key "component" in [[trigger.command]]'],
    [
      "an unknown variable",
      '[[trigger.redis]]\ncomponent = "a"\naddress = "redis://{{ hist }}"\nchannel = "c"',
      '7:11: unknown variable "hist"; did you mean "host"?',
    ],
    [
      "an unknown key",
      '[[trigger.cron]]\ncomponent = "a"\ncron_expresion = "* * * * * *"',
      '7:1: unknown key "cron_expresion" in [[trigger.cron]]; did you mean "cron_expression"?',
    ],
  ])("%s", async (_name, toml, line) => {
    const { lines } = await directory.problemsOf(`${head}${toml}\n${component}`);
    expect(lines).toEqual([`spin.toml:${line}`]);
  });

  test.each(["", "* * *", "61 * * * * *", "every minute"])(
    "the cron expression %j",
    async (expression) => {
      const toml = `[[trigger.cron]]\ncomponent = "a"\ncron_expression = "${expression}"`;
      const { lines } = await directory.problemsOf(`${head}${toml}\n${component}`);
      expect(lines).toEqual([
        expect.stringMatching(/^spin\.toml:7:19: ".*" is not a cron expression \(.+\); write/),
      ]);
    },
  );
});

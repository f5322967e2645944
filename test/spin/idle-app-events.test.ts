import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { connectAsync } from "mqtt";
import { expect, test } from "vitest";
import { askApp } from "../ask-app.ts";
import { HostedApps } from "../hosted-apps.ts";
import { startMosquitto } from "../servers/mosquitto.ts";
import { startRedis } from "../servers/redis.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp } from "../whorl-process.ts";

function manifest(redis: string, mqtt: string): string {
  return `spin_manifest_version = 2
[application]
name = "events"
[application.trigger.redis]
address = "${redis}"
[application.trigger.mqtt]
address = "${mqtt}"
username = ""
password = ""
keep_alive_interval = "30"
[[trigger.http]]
route = "/..."
component = "events"
[[trigger.redis]]
channel = "events"
component = "events"
[[trigger.mqtt]]
topic = "events/#"
qos = "1"
component = "events"
[[trigger.cron]]
cron_expression = "* * * * * *"
component = "events"
[component.events]
source = "events.wasm"
`;
}

test("messages and points in time wake an app that was put away", async () => {
  await using redis = await startRedis();
  await using mosquitto = await startMosquitto();
  using folder = new TemporaryFolder({
    "events/spin.toml": manifest(redis.url, mosquitto.url),
    "events/events.wasm": readFileSync(wasmApp("events-rust/events.wasm")),
  });
  // No app may stay loaded that is not in use.
  await using apps = await HostedApps.open({ residentBytesMax: 0 });
  await apps.serve(folder.file("events"), "events");
  await apps.host.prepared();
  const heard = (what: RegExp): number => apps.lines.filter((line) => what.test(line)).length;

  await expect.poll(() => heard(/^events: cron: \d/), { timeout: 20_000 }).toBeGreaterThan(1);
  const publisher = new Redis(redis.url);
  await publisher.publish("events", "a message");
  await expect.poll(() => heard(/^events: redis: a message/), { timeout: 20_000 }).toBe(1);
  publisher.disconnect();
  const client = await connectAsync(mosquitto.url);
  await client.publishAsync("events/one", "another", { qos: 1 });
  await expect.poll(() => heard(/^events: mqtt: events\/one another/), { timeout: 20_000 }).toBe(1);

  // What a guest does with an event ends that event.
  await client.publishAsync("events/two", "trap", { qos: 1 });
  const failed = /^(error|warning) events: .*events\/two|^(error|warning) events: .*mqtt/is;
  await expect
    .poll(() => apps.lines.filter((line) => failed.test(line)), { timeout: 10_000 })
    .toHaveLength(1);
  await client.publishAsync("events/three", "goes on", { qos: 1 });
  await expect.poll(() => heard(/events\/three goes on/), { timeout: 20_000 }).toBe(1);
  await client.endAsync();
  expect((await askApp(apps.port, "events")).status).toBe(201);

  await apps.host.remove("events");
  const before = heard(/cron/);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(heard(/cron/)).toBeLessThanOrEqual(before + 1);
});

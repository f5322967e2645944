import { expect, test } from "vitest";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

interface OutputEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

function eventsOf(text: string): OutputEvent[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as OutputEvent);
}

async function text(url: string): Promise<string> {
  return await (await fetch(url)).text();
}

test("up shows address and routes, and what guests print with the component's name", async () => {
  await using whorl = await WhorlProcess.up(wasmApp("http-rust"));
  expect(await text(`${whorl.url}/log`)).toBe("Logged\n");
  await whorl.output("stdout", /^\[http\] a line for stdout$/m);
  await whorl.output("stderr", /^\[http\] a line for stderr$/m);
  await whorl.output("stdout", /^\[http\] no newline at the end$/m);
  expect(whorl.stdout).toMatch(/^ {2}http: http:\/\/127\.0\.0\.1:\d+ \(wildcard\)$/m);
  // No terminal, no colours.
  expect(whorl.stdout + whorl.stderr).not.toContain("\u001B");
});

test("--quiet hides what guests print", async () => {
  await using whorl = await WhorlProcess.up(wasmApp("http-rust"), ["--quiet"]);
  await text(`${whorl.url}/log`);
  await text(`${whorl.url}/silent`);
  await whorl.output("stderr", /GET \/silent/);
  expect(whorl.stdout + whorl.stderr).not.toContain("a line for");
});

test("--output json writes one object per line", async () => {
  await using whorl = await WhorlProcess.up(wasmApp("http-rust"), ["--output", "json"]);
  await text(`${whorl.url}/log`);
  await whorl.output("stdout", /no newline at the end/);
  await text(`${whorl.url}/silent`);
  await whorl.output("stdout", /GET \/silent/);
  whorl.signal("SIGTERM");
  expect(await whorl.ended()).toBe(0);
  const events = eventsOf(whorl.stdout);
  expect(events[0]).toEqual({
    event: "listening",
    app: "http-rust",
    url: whorl.url,
    routes: [{ name: "http", url: whorl.url, note: "wildcard" }],
    triggers: [],
  });
  const log = { event: "log", component: "http" };
  expect(events).toContainEqual({ ...log, stream: "stdout", line: "a line for stdout" });
  expect(events).toContainEqual({ ...log, stream: "stderr", line: "a line for stderr" });
  expect(events.some(({ event, code }) => event === "error" && code === "app")).toBe(true);
  expect(events.at(-1)).toEqual({ event: "stopping", signal: "SIGTERM" });
  expect(whorl.stderr).toBe("");
});

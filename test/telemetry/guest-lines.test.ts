/** Guests that write too much, or what a terminal must not see. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findAdmin } from "../../runtime/telemetry/admin/admin-client.ts";
import { loggingProgram } from "../servers/logging-program.ts";
import { freePort } from "../servers/server-process.ts";
import { WhorlProcess } from "../whorl-process.ts";

const lines = 20_000;
const guests = {
  lines: await loggingProgram("one more\\n", lines),
  hostile: await loggingProgram("\\1b[2J\\1b]0;title\\07 \\c2\\9b31m <b>\\e2\\80\\ae\\n", 1),
  endless: await loggingProgram("and more\\n", Infinity),
  unbroken: await loggingProgram("x".repeat(4_096), 1_000),
};
const folder = mkdtempSync(join(tmpdir(), "whorl-test-"));

beforeAll(() => {
  let manifest = 'spin_manifest_version = 2\napplication.name = "logs"\n';
  for (const [name, program] of Object.entries(guests)) {
    writeFileSync(join(folder, `${name}.wasm`), program);
    manifest +=
      `[[trigger.http]]\nroute = "/${name}"\ncomponent = "${name}"\n` +
      `executor = { type = "wagi" }\n[component.${name}]\nsource = "${name}.wasm"\n`;
  }
  writeFileSync(join(folder, "spin.toml"), manifest);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function status(process: WhorlProcess, path: string): Promise<number> {
  const response = await fetch(process.url + path);
  await response.text();
  return response.status;
}

async function end(process: WhorlProcess): Promise<void> {
  process.signal("SIGTERM");
  await process.ended();
}

test("what is beyond the rate is dropped, and how much that was is told", async () => {
  await using process = await WhorlProcess.up(folder, ["--output", "json"]);
  expect(await status(process, "/lines")).toBe(200);
  await end(process);
  const events = process.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string; lines?: number });
  const shown = events.filter(({ event }) => event === "log").length;
  const dropped = events.reduce((sum, event) => sum + (event.lines ?? 0), 0);
  expect(dropped).toBeGreaterThan(0);
  expect(shown + dropped).toBe(lines);
});

test("a guest that writes until it is stopped takes neither memory nor other requests", async () => {
  await using process = await WhorlProcess.up(folder, ["--max-cpu-time", "1s"]);
  expect(await status(process, "/hostile")).toBe(200);
  const before = process.memoryBytes("VmHWM");
  expect(await status(process, "/endless")).toBe(500);
  expect(await status(process, "/unbroken")).toBe(200);
  expect(process.memoryBytes("VmHWM") - before).toBeLessThan(128 * 1024 * 1024);
  expect(await status(process, "/hostile")).toBe(200);
  await end(process);
  expect(process.stderr).toMatch(/\[endless\] \.\.\. \d+ lines dropped/);
});

test.each(["text", "json"])("a terminal does not obey a guest (%s)", async (output) => {
  await using process = await WhorlProcess.up(folder, ["--output", output]);
  expect(await status(process, "/hostile?%1b[2J")).toBe(200);
  await end(process);
  const written = process.stdout + process.stderr;
  expect(written).toContain(String.raw`\u001b[2J`);
  // oxlint-disable-next-line no-control-regex -- they are what this is about
  expect(written).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

/** `script` gives the program a terminal; a pipe of which nobody reads it takes as it is. */
test.each(["terminal", "pipe"])("a %s that nobody reads holds up nobody", async (kind) => {
  const command = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));
  const port = await freePort();
  const whorl = [process.execPath, command, "up", folder, "--listen", `127.0.0.1:${port}`];
  const line = `exec ${[...whorl, "--output", "json"].map((each) => `'${each}'`).join(" ")}`;
  const [program, args] =
    kind === "pipe" ? ["sh", ["-c", line]] : ["script", ["-qec", line, "/dev/null"]];
  // oxlint-disable-next-line node/no-process-env -- passed on as a shell would
  const env = { ...process.env, XDG_RUNTIME_DIR: folder };
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  const asked = async (): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${port}/lines`);
    await response.text();
    return response.status;
  };
  try {
    await expect.poll(asked, { timeout: 60_000 }).toBe(200);
    // What it writes is by far more than a terminal or a pipe takes.
    for (let count = 0; count < 5; count++) expect(await asked()).toBe(200);
    const place = { parent: folder, userId: process.getuid?.() ?? 0 };
    const find = async (): Promise<readonly string[]> =>
      (await findAdmin(place, undefined)).peer.apps;
    await expect.poll(find, { timeout: 60_000 }).toEqual(["logs"]);
    const { peer } = await findAdmin(place, undefined);
    process.kill(peer.pid, "SIGTERM");
  } finally {
    child.stdout.resume();
    child.kill();
    await ended;
  }
});

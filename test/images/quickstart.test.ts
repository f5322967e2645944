/** Replays docs/quickstart.md: each command as it stands there, each output compared. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { startDockerRegistry } from "../servers/docker-registry.ts";
import { freePort } from "../servers/server-process.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { outputPattern, stepsOf } from "../transcript.ts";
import { Terminals } from "./terminals.ts";

const minutes = 60_000;
const page = new URL("../../docs/quickstart.md", import.meta.url);
const program = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));

const folder = new TemporaryFolder({});
afterAll(() => folder[Symbol.dispose]());

test("the quickstart does what it says", { timeout: 10 * minutes }, async () => {
  await using registry = await startDockerRegistry();
  const listen = `127.0.0.1:${await freePort()}`;
  const whorl = folder.file("whorl");
  writeFileSync(whorl, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  chmodSync(whorl, 0o755);
  // The registry of this test has no certificate, and port 3000 may be in use.
  const text = readFileSync(page, "utf8")
    .replaceAll("registry.example.com", registry.host)
    .replaceAll("registry push", "registry push --insecure")
    .replaceAll("whorl up -f", "whorl up --insecure -f")
    .replaceAll("127.0.0.1:3000", listen);
  await using terminals = new Terminals(folder.path, {
    ...env,
    PATH: `${dirname(whorl)}:${env["PATH"] ?? ""}`,
    SPIN_HTTP_LISTEN_ADDR: listen,
    XDG_CACHE_HOME: folder.file("cache"),
    npm_config_cache: env["npm_config_cache"] ?? join(env["HOME"] ?? "/root", ".npm"),
  });
  const steps = stepsOf(text);
  expect(steps.length).toBeGreaterThan(10);
  for (const { command, output } of steps) {
    const shown = await terminals.type(command);
    // Starting takes its time, and a person waits for a reload before asking again.
    const patience = /^(?:whorl (?:up|watch)|curl)\b/.test(command) ? 2 * minutes : 0;
    await expect.poll(shown, { timeout: patience }).toMatch(outputPattern(output));
  }
});

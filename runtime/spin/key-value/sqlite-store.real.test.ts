import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SqliteKeyValueStore } from "./sqlite-store.ts";

const module = fileURLToPath(new URL("sqlite-store.ts", import.meta.url));

/** Increments in a process of its own; resolves with its exit code and what it said. */
async function incrementElsewhere(path: string, times: number): Promise<[unknown, string]> {
  const script = `
    const { SqliteKeyValueStore } = await import(${JSON.stringify(module)});
    const store = new SqliteKeyValueStore("default", ${JSON.stringify(path)});
    for (let count = 0; count < ${times}; count++) store.increment("n", 1n);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(child, "close");
  return [code, output];
}

test("processes that open and change one file at the same time lose nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "whorl-kv-"));
  const path = join(folder, "kv.db");
  const ends = await Promise.all(Array.from({ length: 4 }, () => incrementElsewhere(path, 300)));
  expect(ends.map(([code, output]) => (code === 0 ? "" : output))).toEqual(["", "", "", ""]);
  {
    await using store = new SqliteKeyValueStore("default", path);
    expect(store.increment("n", 0n)).toBe(1200n);
  }
  rmSync(folder, { recursive: true });
});

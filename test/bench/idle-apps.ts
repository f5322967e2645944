/**
 * Prints how much memory (proportional set size, bytes) each of COUNT idle apps takes: components
 * that differ in a custom section, prepared, linked, each having answered once. Run by engine.ts as
 * `node --expose-gc idle-apps.ts FILE COUNT`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryMapper } from "../../runtime/instance/ffi-memory.ts";
import { PrepareCache } from "../../runtime/prepare/prepare-cache.ts";
import { closedContext, GuestApp } from "../isolation/guest-app.ts";

function proportionalBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const rollup = readFileSync("/proc/self/smaps_rollup", "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024;
}

/** The component with a custom section: the same code under another digest. */
function variant(bytes: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  const name = Buffer.from(`variant-${index}`);
  return new Uint8Array([...bytes, 0, name.length + 1, name.length, ...name]);
}

const [file = "", count = "100"] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(file));
const directory = mkdtempSync(join(tmpdir(), "whorl-bench-"));
const mapper = MemoryMapper.open();
const cache = new PrepareCache({ directory, version: "bench", bytesMax: 1e9 });
const apps: GuestApp[] = [];
try {
  const add = async (index: number): Promise<void> => {
    const prepare = { cache };
    const app = await GuestApp.of(variant(bytes, index), closedContext, { mapper, prepare });
    await app.request({ path: "/" });
    app.pool.trim();
    apps.push(app);
  };
  // What all share is there before the first is counted.
  for (let index = 0; index < 5; index++) await add(index);
  const before = proportionalBytes();
  for (let index = 0; index < Number(count); index++) await add(100 + index);
  console.log(Math.round((proportionalBytes() - before) / Number(count)));
} finally {
  rmSync(directory, { recursive: true, maxRetries: 10 });
}

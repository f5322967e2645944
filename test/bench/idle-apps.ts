/**
 * Prints how much memory (proportional set size, bytes) each of COUNT idle apps takes: components
 * that differ in a custom section, prepared by an earlier process, linked, ready for a request.
 * With `answered` each has answered one. Run by engine.ts, first to fill the cache:
 * `node --expose-gc idle-apps.ts FILE COUNT CACHE [answered]`.
 */
import { readFileSync } from "node:fs";
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

const [file = "", count = "", directory = "", state] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(file));
const mapper = MemoryMapper.open();
const cache = new PrepareCache({ directory, version: "bench", bytesMax: 1e9 });
const apps: GuestApp[] = [];

async function add(index: number): Promise<void> {
  const prepare = { cache };
  const app = await GuestApp.of(variant(bytes, index), closedContext, { mapper, prepare });
  if (state === "answered") {
    await app.request({ path: "/" });
    app.pool.trim();
  }
  apps.push(app);
}

// What all share is there before the first is counted.
const shared = 10;
for (let index = 0; index < shared; index++) await add(index);
const before = proportionalBytes();
for (let index = 0; index < Number(count); index++) await add(shared + index);
console.log(Math.round((proportionalBytes() - before) / Number(count)));

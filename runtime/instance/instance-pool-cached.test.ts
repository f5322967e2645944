import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../component/test-wat.ts";
import { prepareComponent } from "../prepare/prepare.ts";
import { PrepareCache } from "../prepare/prepare-cache.ts";
import { InstancePool, type InstancePoolOptions } from "./instance-pool.ts";
import { Linker } from "./linker.ts";
import { exportedFunction, plantAndLook } from "./test-guest.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-cache-"));
});

afterEach(() => rm(directory, { recursive: true }));

/** What one process would do: prepare, then let two instances look and be planted in. */
async function run(wat: string, options: InstancePoolOptions = {}): Promise<unknown[]> {
  const cache = new PrepareCache({ directory, version: "1", bytesMax: 1e8 });
  const saved: Promise<void>[] = [];
  const prepared = await prepareComponent(await encode(wat), { cache });
  await prepared.kept;
  const save = prepared.saveSnapshot;
  const linked = new Linker<undefined>([]).link({
    ...prepared,
    ...(save && {
      saveSnapshot: (snapshot) => {
        const done = save(snapshot);
        saved.push(done);
        return done;
      },
    }),
  });
  const pool = new InstancePool<undefined>(linked, options);
  const call = (name: string, ...args: unknown[]): unknown => {
    using lease = pool.take(undefined);
    return lease.instance.lifted(exportedFunction(prepared, name))(...args) as unknown;
  };
  const found = [call("look"), call("plant", 99n), call("look")];
  using one = pool.take(undefined);
  using other = pool.take(undefined);
  for (const { instance } of [one, other]) {
    found.push(instance.lifted(exportedFunction(prepared, "look"))());
  }
  await Promise.all(saved);
  return found;
}

const fields = (data: string): string => `
  (memory 8) (data (i32.const 8) "${data}")
  (global $g (mut i64) (i64.const 1)) (global $f (mut f64) (f64.const 0.5))
  (table 2 funcref) (elem (i32.const 1) func $bump)
  (func $bump (global.set $g (i64.add (global.get $g) (i64.const 1))))
  (func $start (i64.store (i32.const 400000) (i64.const 70)) (call_indirect (i32.const 1)))
  (start $start)
  (func (export "plant") (param i64)
    (i64.store (i32.const 400000) (local.get 0)) (global.set $g (local.get 0)))
  (func (export "look") (result i64)
    (call_indirect (i32.const 1))
    (i64.add (global.get $g) (i64.load (i32.const 400000))))`;

const small = plantAndLook(fields("abc"));
const large = plantAndLook(fields("a".repeat(300 * 1024)));
const expected = [73n, undefined, 73n, 73n, 73n];

test.each([
  ["little data", small, {}],
  ["much data", large, {}],
  ["much data, copied", large, { mapper: null }],
])("a component of %s does the same from the cache as without", async (_name, wat, options) => {
  expect(await run(wat, options)).toEqual(expected);
  expect(await readdir(directory)).toEqual([expect.stringMatching(/\.ready\.whorl$/)]);
  expect(await run(wat, options)).toEqual(expected);
  expect(await run(wat, options)).toEqual(expected);
});

test("a component that calls a reference its own keeps no snapshot, and works", async () => {
  const wat = plantAndLook(`
    (func $f) (elem declare func $f) (global $r (mut funcref) (ref.func $f))
    (func (export "plant") (param i64) (global.set $r (ref.null func)))
    (func (export "look") (result i64) (i64.extend_i32_u (ref.is_null (global.get $r))))`);
  for (let process = 0; process < 2; process++) {
    expect(await run(wat)).toEqual([0n, undefined, 0n, 0n, 0n]);
    expect(await readdir(directory)).toEqual([expect.stringMatching(/\.prepared\.whorl$/)]);
  }
});

test.each([small, large])("a damaged snapshot is taken again", async (wat) => {
  await run(wat);
  const [name = ""] = await readdir(directory);
  await writeFile(join(directory, name), "damaged");
  expect(await run(wat)).toEqual(expected);
  expect(await run(wat)).toEqual(expected);
});

test("processes that prepare the same component at the same time do not disturb each other", async () => {
  const found = await Promise.all([run(large), run(large), run(large)]);
  for (const each of found) expect(each).toEqual(expected);
  expect(await run(large)).toEqual(expected);
});

import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../component/test-wat.ts";
import { limits } from "../limits.ts";
import { boundlessness, prepareComponent } from "../prepare/prepare.ts";
import { PrepareCache } from "../prepare/prepare-cache.ts";
import { GuestGuard } from "./guest-guard.ts";
import type { HostInterface } from "./host-interface.ts";
import { InstancePool } from "./instance-pool.ts";
import { Linker } from "./linker.ts";
import { exportedFunction, testGuest } from "./test-guest.ts";
import { Watchdog } from "./watchdog.ts";

const page = 65_536;
let watchdog: Watchdog;
beforeEach(() => void (watchdog = new Watchdog({ cpuMsMax: 60 })));
afterEach(() => watchdog[Symbol.dispose]());

/** Lifts the exports of a core module that take and return one u32. */
function component(fields: string, names: readonly string[], imports = ""): string {
  const lifts = names.map(
    (name) =>
      `(func (export "${name}") (param "n" u32) (result u32) (canon lift (core func $i "${name}")))`,
  );
  const given = imports === "" ? "" : `(with "host" (instance (export "wait" (func $wait))))`;
  return `(component ${imports}
    (core module $m ${fields})
    (core instance $i (instantiate $m ${given}))
    ${lifts.join("\n")})`;
}

const memory = `(memory 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (param i32) (result i32) (memory.size))`;

test("memory grows up to the limit, for each request anew", async () => {
  const { pool, call } = await testGuest<undefined>(component(memory, ["grow", "size"]), [], {
    limits: { memoryBytesMax: 4 * page },
  });
  for (let request = 0; request < 3; request++) {
    using lease = pool.take(undefined);
    const grow = call(lease.instance, "grow");
    expect([grow(2), grow(2), grow(1), grow(1)]).toEqual([1, 0xffff_ffff, 3, 0xffff_ffff]);
    expect(call(lease.instance, "size")(0)).toBe(4);
  }
});

test("memories of several modules share the limit", async () => {
  const two = `(component
    (core module $m ${memory})
    (core instance $i (instantiate $m)) (core instance $j (instantiate $m))
    (func (export "first") (param "n" u32) (result u32) (canon lift (core func $i "grow")))
    (func (export "second") (param "n" u32) (result u32) (canon lift (core func $j "grow"))))`;
  const limits = { memoryBytesMax: 6 * page };
  const { pool, call } = await testGuest<undefined>(two, [], { limits });
  using lease = pool.take(undefined);
  for (const name of ["first", "second"]) {
    const grow = call(lease.instance, name);
    expect([grow(2), grow(1)]).toEqual([1, 0xffff_ffff]);
  }
});

test("a component that begins with too much memory is refused", async () => {
  const guest = testGuest<undefined>(component(memory, ["grow"]), [], {
    limits: { memoryBytesMax: page - 1 },
  });
  await expect(guest).rejects.toMatchObject({ code: "limit" });
});

test("only so many instances are out at once", async () => {
  const { pool } = await testGuest<undefined>(component(memory, ["grow"]), [], {
    limits: { instancesMax: 2 },
  });
  using _first = pool.take(undefined);
  const second = pool.take(undefined);
  expect(() => pool.take(undefined)).toThrow(
    expect.objectContaining({
      code: "limit",
      message: expect.stringMatching(/^2 instances of the component are busy/),
    }),
  );
  second[Symbol.dispose]();
  // Giving back twice is not giving back two.
  second[Symbol.dispose]();
  using _third = pool.take(undefined);
  expect(pool.busy).toBe(2);
  expect(() => pool.take(undefined)).toThrow("are busy");
});

const spin = `
  (func (export "spin") (param i32) (result i32) (loop br 0) (i32.const 0))
  (func (export "double") (param i32) (result i32)
    (loop (br_if 0 (i32.const 0))) (i32.mul (i32.const 2) (local.get 0)))`;

test("an instance that spins dies alone", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const wat = component(spin, ["spin", "double"]);
  const { pool, call } = await testGuest<undefined>(wat, [], { guard });
  using other = pool.take(undefined);
  for (let round = 0; round < 2; round++) {
    using lease = pool.take(undefined);
    expect(() => call(lease.instance, "spin")(1)).toThrow(
      expect.objectContaining({ code: "limit" }),
    );
    expect(() => call(lease.instance, "double")(1)).toThrow(/null/);
    expect(call(other.instance, "double")(round)).toBe(2 * round);
  }
});

test("a memory with 64-bit addresses is bounded, and its guest stopped", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const wide = `(memory i64 1)
    (func (export "grow") (param i32) (result i32)
      (i32.wrap_i64 (memory.grow (i64.extend_i32_u (local.get 0)))))`;
  const limits = { memoryBytesMax: 4 * page };
  const text = component(spin + wide, ["spin", "grow"]);
  const { prepared, pool, call } = await testGuest<undefined>(text, [], { guard, limits });
  expect(boundlessness(prepared)).toBeUndefined();
  for (let request = 0; request < 2; request++) {
    using lease = pool.take(undefined);
    const grow = call(lease.instance, "grow");
    expect([grow(2), grow(2), grow(1), grow(1)]).toEqual([1, 0xffff_ffff, 3, 0xffff_ffff]);
    const spinning = call(lease.instance, "spin");
    expect(() => spinning(1)).toThrow(expect.objectContaining({ code: "limit" }));
  }
});

test("a start function that spins is stopped", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const wat = component(`${spin} (func $start (loop br 0)) (start $start)`, ["double"]);
  const { pool } = await testGuest<undefined>(wat, [], { guard });
  expect(() => pool.take(undefined)).toThrow(expect.objectContaining({ code: "limit" }));
});

test("a guest whose state cannot be put back is stopped as well", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const table = `(table 1 4 funcref)
    (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))`;
  const wat = component(spin + table, ["spin", "grow"]);
  const { prepared, pool, call } = await testGuest<undefined>(wat, [], { guard });
  expect(prepared.reset.kind).toBe("refused");
  using lease = pool.take(undefined);
  expect(() => call(lease.instance, "spin")(1)).toThrow(expect.objectContaining({ code: "limit" }));
});

const waiting = component(
  `(import "host" "wait" (func $wait (param i32) (result i32)))
   (func (export "wait") (param i32) (result i32) (call $wait (local.get 0)))
   (func (export "spin") (param i32) (result i32)
     (drop (call $wait (local.get 0))) (loop br 0) (i32.const 0))`,
  ["wait", "spin"],
  `(import "wait" (func $lifted (param "ms" u32) (result u32)))
   (core func $wait (canon lower (func $lifted)))`,
);
const host: HostInterface<undefined> = {
  name: "",
  version: undefined,
  functions: { wait: (_context: undefined, ms: number) => delay(ms, ms) },
  suspending: new Set(["wait"]),
  resources: {},
};

test("a guest that waits longer than it may ends, and what it waited for does not wake it", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: 30 });
  const { pool, call } = await testGuest<undefined>(waiting, [host], { guard });
  const lease = pool.take(undefined);
  await expect(call(lease.instance, "wait")(150)).rejects.toMatchObject({
    code: "limit",
    message: expect.stringMatching(/^the guest took longer than 30 ms/),
  });
  lease[Symbol.dispose]();
  using next = pool.take(undefined);
  expect(next.instance).not.toBe(lease.instance);
  expect(await call(next.instance, "wait")(1)).toBe(1);
  await delay(200);
});

test("a guest that spins after it has waited is stopped, others go on", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const { pool, call } = await testGuest<undefined>(waiting, [host], { guard });
  using lease = pool.take(undefined);
  using other = pool.take(undefined);
  const spinning = call(lease.instance, "spin")(1);
  const going = call(other.instance, "wait")(100);
  await expect(spinning).rejects.toMatchObject({ code: "limit" });
  expect(await going).toBe(100);
});

const grownTable = (bounds: string): string =>
  component(
    `(table ${bounds} funcref)
     (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))`,
    ["grow"],
  );

test.each([
  ["as far as the limit", "1", [1, limits.tableElementsMax - 1, 1], [1, -1, 2]],
  ["as far as it says itself", "1 3", [1, 2, 1], [1, -1, 2]],
])("a table grows %s", async (_name, bounds, by, before) => {
  const { pool, call } = await testGuest<undefined>(grownTable(bounds));
  using lease = pool.take(undefined);
  const grow = call(lease.instance, "grow");
  expect(by.map((count) => Number(grow(count)) | 0)).toEqual(before);
});

test("a table that begins with too much is refused", async () => {
  const guest = testGuest<undefined>(grownTable(String(limits.tableElementsMax + 1)));
  await expect(guest).rejects.toMatchObject({ code: "limit" });
});

test("a table's limit is that of who prepares", async () => {
  const prepared = await prepareComponent(await encode(grownTable("1")), { tableElementsMax: 5 });
  using pool = new InstancePool(new Linker<undefined>([]).link(prepared));
  using lease = pool.take(undefined);
  const grow = lease.instance.lifted(exportedFunction(prepared, "grow"));
  expect([4, 1].map((count) => Number(grow(count)) | 0)).toEqual([1, -1]);
  await expect(
    prepareComponent(await encode(grownTable("6")), { tableElementsMax: 5 }),
  ).rejects.toMatchObject({ code: "limit", message: expect.stringMatching(/6 elements.* 5$/) });
});

const hoarder = `(component
  (import "thing" (type $t (sub resource)))
  (import "[constructor]thing" (func $lifted (result (own $t))))
  (core func $new (canon lower (func $lifted)))
  (core func $drop (canon resource.drop $t))
  (core module $m
    (import "host" "new" (func $new (result i32)))
    (import "host" "drop" (func $drop (param i32)))
    (func (export "hoard") (param i32) (result i32)
      (loop (drop (call $new))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i32.const 0))
    (func (export "use") (param i32) (result i32)
      (loop (call $drop (call $new))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i32.const 0)))
  (core instance $i (instantiate $m
    (with "host" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
  (func (export "hoard") (param "n" u32) (result u32) (canon lift (core func $i "hoard")))
  (func (export "use") (param "n" u32) (result u32) (canon lift (core func $i "use"))))`;

test("a guest holds so many handles at once, and may use more one after the other", async () => {
  const things: HostInterface<undefined> = {
    ...host,
    functions: { "[constructor]thing": () => ({}) },
    suspending: new Set(),
    resources: { thing: {} },
  };
  const { pool, call } = await testGuest<undefined>(hoarder, [things], {
    limits: { handlesMax: 10 },
  });
  for (let request = 0; request < 2; request++) {
    using lease = pool.take(undefined);
    expect(call(lease.instance, "use")(100)).toBe(0);
    expect(call(lease.instance, "hoard")(10)).toBe(0);
    expect(() => call(lease.instance, "hoard")(1)).toThrow(
      expect.objectContaining({
        code: "limit",
        message: expect.stringMatching(/more than 10 handles/),
      }),
    );
  }
});

test.each([
  ["(memory 1 1 shared)", /^it could not be held to any limit.*shared/],
  ['(func (export "whorl:x"))', /^it could not be held to any limit.*"whorl:"/],
  ["(type (struct)) (func (drop (struct.new 0)))", /^it could not be held .* garbage-collected/],
])("a module with %s is refused where bounds are needed", async (fields, message) => {
  const bytes = await encode(component(`${fields} ${spin}`, ["double"]));
  await using folder = await mkdtempDisposable(join(tmpdir(), "whorl-limits-"));
  const kept = new PrepareCache({ directory: folder.path, version: "1", bytesMax: 1e8 });
  for (const cache of [undefined, kept]) {
    const options = { cache, needsBounds: true };
    await expect(prepareComponent(bytes, options)).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(message),
    });
    const prepared = await prepareComponent(bytes, { cache });
    expect(boundlessness(prepared)).toBeDefined();
    // Kept meanwhile, it is refused all the same.
    await expect(prepareComponent(bytes, options)).rejects.toMatchObject({ code: "unsupported" });
  }
});

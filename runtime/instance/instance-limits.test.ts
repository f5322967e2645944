import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { GuestGuard } from "./guest-guard.ts";
import type { HostInterface } from "./host-interface.ts";
import { testGuest } from "./test-guest.ts";
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

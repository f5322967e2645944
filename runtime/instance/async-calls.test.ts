import { describe, expect, test } from "vitest";
import type { HostCall, HostFunction } from "./host-interface.ts";
import { asyncGuest, guestText, memoryOption } from "./test-async.ts";

const host = `(import "test:host/host" (instance $host
  (export "double" (func async (param "x" u32) (result u32)))))
  (alias export $host "double" (func $double))`;

/** Calls `double` without waiting, and returns what the subtask gives when it has an event. */
const subtaskGuest = guestText({
  definitions: host,
  builtins: [
    ["double", `lower (func $double) async ${memoryOption}`, "(param i32 i32) (result i32)"],
    ["return", "task.return (result u32)", "(param i32)"],
    ["task-cancel", "task.cancel", ""],
    ["set", "waitable-set.new", "(result i32)"],
    ["drop-set", "waitable-set.drop", "(param i32)"],
    ["join", "waitable.join", "(param i32 i32)"],
    ["drop", "subtask.drop", "(param i32)"],
    ["cancel", "subtask.cancel", "(param i32) (result i32)"],
    ["get", "context.get i32 0", "(result i32)"],
    ["put", "context.set i32 0", "(param i32)"],
  ],
  core: `
    (global $next (mut i32) (i32.const 64))
    (func (export "run") (param $x i32) (result i32) (local $at i32) (local $status i32) (local $set i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (local.get $at) (i32.const 8)))
      (call $put (local.get $at))
      (local.set $status (call $double (local.get $x) (local.get $at)))
      (if (result i32) (i32.eq (local.get $status) (i32.const 2))
        (then (call $return (i32.load (local.get $at))) (i32.const 0))
        (else
          (local.set $set (call $set))
          (i32.store offset=4 (local.get $at) (local.get $set))
          (call $join (i32.shr_u (local.get $status) (i32.const 4)) (local.get $set))
          (i32.or (i32.const 2) (i32.shl (local.get $set) (i32.const 4))))))
    (func (export "callback") (param $event i32) (param $index i32) (param $state i32) (result i32)
      (if (i32.eq (local.get $event) (i32.const 6))
        (then (call $task-cancel) (return (i32.const 0))))
      (call $drop (local.get $index))
      (call $drop-set (i32.load offset=4 (call $get)))
      (call $return (i32.load (call $get)))
      (i32.const 0))
    (func (export "give-up") (param $x i32) (result i32) (local $status i32)
      (local.set $status (i32.shr_u (call $double (local.get $x) (i32.const 32)) (i32.const 4)))
      (call $return (call $cancel (local.get $status)))
      (call $drop (local.get $status))
      (i32.const 0))
    (func (export "never") (param i32 i32 i32) (result i32) unreachable)`,
  exports: `
    (func (export "run") async (param "x" u32) (result u32) (canon lift (core func $core "run")
      async (callback (core func $core "callback"))))
    (func (export "give-up") async (param "x" u32) (result u32) (canon lift
      (core func $core "give-up") async (callback (core func $core "never"))))`,
});

/** Waits on its stack. */
const syncGuest = guestText({
  definitions: host,
  builtins: [["double", "lower (func $double)", "(param i32) (result i32)"]],
  core: `(func (export "run") (param i32) (result i32) (call $double (local.get 0)))`,
  exports: `(func (export "run") async (param "x" u32) (result u32)
    (canon lift (core func $core "run")))`,
});

const doubles: readonly { how: string; double: HostFunction<undefined> }[] = [
  { how: "at once", double: (_context, x: number) => x * 2 },
  { how: "later", double: async (_context, x: number) => Promise.resolve(x * 2) },
];

describe("an async function of the host", () => {
  test.each(
    doubles.flatMap((each) => [
      { ...each, by: "a subtask", wat: subtaskGuest },
      { ...each, by: "a blocked stack", wat: syncGuest },
    ]),
  )("that answers $how is called by $by", async ({ double, wat }) => {
    const guest = await asyncGuest(wat, { double });
    const { result, done } = guest.start("run", 21);
    expect(await result).toBe(42);
    await done;
    await guest.instance.whenIdle();
    expect(guest.instance.end()).toBe(true);
  });

  test.each([
    { by: "a subtask", wat: subtaskGuest },
    { by: "a blocked stack", wat: syncGuest },
  ])("that fails traps in $by", async ({ wat }) => {
    const guest = await asyncGuest(wat, { double: () => Promise.reject(new Error("no answer")) });
    const { result, done } = guest.start("run", 1);
    await expect(result).rejects.toThrow("no answer");
    await expect(done).rejects.toThrow("no answer");
    expect(guest.instance.end()).toBe(false);
  });

  test("is told when the guest cancels it", async () => {
    const signals: AbortSignal[] = [];
    const double: HostFunction<undefined> = (_context, _x: number, { signal }: HostCall) => {
      signals.push(signal);
      return new Promise(() => undefined);
    };
    const guest = await asyncGuest(subtaskGuest, { double });
    const cancelledBeforeReturned = 4;
    expect(await guest.call("give-up", 1)).toBe(cancelledBeforeReturned);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(guest.instance.end()).toBe(true);
  });

  test("is told when the instance ends", async () => {
    let aborted = false;
    const double: HostFunction<undefined> = (_context, _x: number, { signal }: HostCall) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return new Promise(() => undefined);
    };
    const guest = await asyncGuest(subtaskGuest, { double });
    const { result } = guest.start("run", 1);
    const settled = Promise.allSettled([result]);
    guest.instance.end();
    expect(await settled).toMatchObject([{ reason: { message: "the instance has ended" } }]);
    expect(aborted).toBe(true);
  });
});

describe("calls of one instance", () => {
  /** Answers in the order that the test wants. */
  function questions(): { double: HostFunction<undefined>; answer(x: number): void } {
    const open = new Map<number, (value: number) => void>();
    return {
      double: (_context, x: number) => new Promise((resolve) => open.set(x, resolve)),
      answer: (x) => open.get(x)?.(x * 2),
    };
  }

  test("several at once, each answered when its turn comes", async () => {
    const { double, answer } = questions();
    const guest = await asyncGuest(subtaskGuest, { double });
    const calls = [1, 2, 3].map((x) => guest.call("run", x));
    for (const x of [3, 1, 2]) answer(x);
    expect(await Promise.all(calls)).toEqual([2, 4, 6]);
    expect(guest.instance.end()).toBe(true);
  });

  test("a synchronous lift of an async function lets one in after the other", async () => {
    const { double, answer } = questions();
    const guest = await asyncGuest(syncGuest, { double });
    const first = guest.call("run", 1);
    const second = guest.call("run", 2);
    answer(1);
    expect(await first).toBe(2);
    await new Promise(setImmediate);
    answer(2);
    expect(await second).toBe(4);
  });

  test("one is cancelled by the host, the others go on", async () => {
    const { double, answer } = questions();
    const guest = await asyncGuest(subtaskGuest, { double });
    const [first, second] = [guest.start("run", 1), guest.start("run", 2)];
    const settled = Promise.allSettled([first.result]);
    first.cancel();
    expect(await settled).toMatchObject([{ reason: { message: "the call was cancelled" } }]);
    // The guest has left its subtask behind: another task may not drop it for it.
    answer(2);
    expect(await second.result).toBe(4);
  });

  test("what can never end is a deadlock", async () => {
    const guest = await asyncGuest(
      guestText({
        builtins: [
          ["set", "waitable-set.new", "(result i32)"],
          ["return", "task.return", ""],
        ],
        core: `(func (export "run") (result i32)
            (i32.or (i32.const 2) (i32.shl (call $set) (i32.const 4))))
          (func (export "callback") (param i32 i32 i32) (result i32) unreachable)`,
        exports: `(func (export "run") async (canon lift (core func $core "run")
          async (callback (core func $core "callback"))))`,
      }),
    );
    await expect(guest.call("run")).rejects.toThrow("deadlock");
  });

  test("a guest that yields lets timers and sockets go first", async () => {
    const guest = await asyncGuest(
      guestText({
        builtins: [
          ["yield", "thread.yield", "(result i32)"],
          ["return", "task.return", ""],
        ],
        core: `(global $stop (mut i32) (i32.const 0))
          (func (export "spin")
            (loop $again (drop (call $yield)) (br_if $again (i32.eqz (global.get $stop))))
            (call $return))
          (func (export "stop") (global.set $stop (i32.const 1)))`,
        exports: `(func (export "spin") async (canon lift (core func $core "spin") async))
          (func (export "stop") (canon lift (core func $core "stop")))`,
      }),
    );
    const spinning = guest.call("spin");
    await new Promise((resolve) => setTimeout(resolve, 1));
    await guest.call("stop");
    await spinning;
    expect(guest.instance.end()).toBe(true);
  });
});

describe("host functions that suspend the guest although their type is not async", () => {
  const wat = guestText({
    definitions: `(import "test:host/host" (instance $host
      (export "wait" (func (param "x" u32) (result u32)))))
      (alias export $host "wait" (func $wait))`,
    builtins: [
      ["wait", "lower (func $wait)", "(param i32) (result i32)"],
      ["return", "task.return (result u32)", "(param i32)"],
    ],
    core: `(func (export "run") (param i32) (result i32)
        (call $return (call $wait (local.get 0))) (i32.const 0))
      (func (export "callback") (param i32 i32 i32) (result i32) unreachable)`,
    exports: `(func (export "run") async (param "x" u32) (result u32)
      (canon lift (core func $core "run") async (callback (core func $core "callback"))))`,
  });

  test("stop everything else of the instance", async () => {
    const order: string[] = [];
    const wait = async (_context: undefined, x: number): Promise<number> => {
      order.push(`begin ${x}`);
      await new Promise(setImmediate);
      order.push(`end ${x}`);
      return x;
    };
    const guest = await asyncGuest(wat, { wait }, ["wait"]);
    expect(await Promise.all([guest.call("run", 1), guest.call("run", 2)])).toEqual([1, 2]);
    expect(order).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
  });
});

describe("traps", () => {
  const returns: readonly [string, string, string] = ["return", "task.return", ""];
  test.each([
    { name: "no task.return", builtins: [], body: "(i32.const 0)", says: "without task.return" },
    {
      name: "task.return of another type",
      builtins: [["return", "task.return (result u32)", "(param i32)"] as const],
      body: "(call $return (i32.const 1)) (i32.const 0)",
      says: "invalid `task.return`",
    },
    {
      name: "task.cancel without a request",
      builtins: [["cancel", "task.cancel", ""] as const],
      body: "(call $cancel) (i32.const 0)",
      says: "has not been cancelled",
    },
    {
      name: "unknown callback code",
      builtins: [],
      body: "(i32.const 7)",
      says: "callback code: 7",
    },
    { name: "no such set", builtins: [], body: "(i32.const 0x92)", says: "unknown handle index 9" },
    {
      name: "waiting set dropped with members",
      builtins: [
        ["new", "stream.new $S", "(result i64)"],
        ["set", "waitable-set.new", "(result i32)"],
        ["join", "waitable.join", "(param i32 i32)"],
        ["drop", "waitable-set.drop", "(param i32)"],
      ] as const,
      body: `(drop (call $new)) (drop (call $set)) (call $join (i32.const 1) (i32.const 3))
        (call $drop (i32.const 3)) (i32.const 0)`,
      says: "with waitables in it",
    },
    {
      name: "stream of another side",
      builtins: [
        ["new", "stream.new $S", "(result i64)"],
        ["drop", "stream.drop-writable $S", "(param i32)"],
      ] as const,
      body: "(call $drop (i32.wrap_i64 (call $new))) (i32.const 0)",
      says: "not the writable end",
    },
    {
      name: "buffer outside of the memory",
      builtins: [
        ["new", "stream.new $S", "(result i64)"],
        ["read", `stream.read $S async ${memoryOption}`, "(param i32 i32 i32) (result i32)"],
      ] as const,
      body: `(drop (call $read (i32.wrap_i64 (call $new)) (i32.const 0) (i32.const 65537)))
        (i32.const 0)`,
      says: "outside the memory",
    },
    {
      name: "two reads at once",
      builtins: [
        ["new", "stream.new $S", "(result i64)"],
        ["read", `stream.read $S async ${memoryOption}`, "(param i32 i32 i32) (result i32)"],
      ] as const,
      body: `(drop (call $new)) (drop (call $read (i32.const 1) (i32.const 0) (i32.const 1)))
        (call $read (i32.const 1) (i32.const 0) (i32.const 1))`,
      says: "concurrent operations",
    },
    {
      name: "future dropped unwritten",
      builtins: [
        ["new", "future.new $F", "(result i64)"],
        ["drop", "future.drop-writable $F", "(param i32)"],
      ] as const,
      body: `(drop (call $new)) (call $drop (i32.const 2)) (i32.const 0)`,
      says: "without first writing a value",
    },
    {
      name: "backpressure below zero",
      builtins: [["dec", "backpressure.dec", ""] as const],
      body: "(call $dec) (i32.const 0)",
      says: "backpressure counter underflow",
    },
    {
      name: "unknown error context",
      builtins: [["drop", "error-context.drop", "(param i32)"] as const],
      body: "(call $drop (i32.const 1)) (i32.const 0)",
      says: "unknown handle index 1",
    },
  ])("$name", async ({ builtins, body, says }) => {
    const guest = await asyncGuest(
      guestText({
        definitions: "(type $S (stream u8)) (type $F (future u8))",
        builtins,
        core: `(func (export "run") (result i32) ${body})
          (func (export "callback") (param i32 i32 i32) (result i32) unreachable)`,
        exports: `(func (export "run") async (canon lift (core func $core "run")
          async (callback (core func $core "callback"))))`,
      }),
    );
    const { result, done } = guest.start("run");
    await expect(result).rejects.toThrow(says);
    await expect(done).rejects.toThrow(says);
    expect(guest.instance.end()).toBe(false);
  });

  test("after the result: only the end of the call hears of it", async () => {
    const guest = await asyncGuest(
      guestText({
        builtins: [returns],
        core: `(func (export "run") (result i32) (call $return) (call $return) (i32.const 0))
          (func (export "callback") (param i32 i32 i32) (result i32) unreachable)`,
        exports: `(func (export "run") async (canon lift (core func $core "run")
          async (callback (core func $core "callback"))))`,
      }),
    );
    const { result, done } = guest.start("run");
    expect(await result).toBeUndefined();
    await expect(done).rejects.toThrow("more than once");
  });
});

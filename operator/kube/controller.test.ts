import { describe, expect, test } from "vitest";
import { OperatorError } from "../error.ts";
import { Controller, type Reconcile, type Source } from "./controller.ts";
import { FakeClock } from "./fake-clock.ts";
import { OperatorMetrics } from "./metrics.ts";
import { type ObjectKey, keyText } from "./object.ts";

/** A source whose changes the test makes. */
class ManualSource implements Source {
  add: (key: ObjectKey, priority: number) => void = () => undefined;
  attached = false;
  isSynced = true;

  readonly synced = async (): Promise<boolean> => await Promise.resolve(this.isSynced);
  readonly attach = (add: (key: ObjectKey, priority: number) => void): Disposable => {
    this.add = add;
    this.attached = true;
    return { [Symbol.dispose]: () => void (this.attached = false) };
  };
}

interface Started {
  readonly clock: FakeClock;
  readonly controller: Controller;
  readonly stop: AbortController;
  readonly running: Promise<void>;
  readonly metrics: OperatorMetrics;
}

function start(reconcile: Reconcile, concurrency = 1): Started {
  const clock = new FakeClock();
  const metrics = new OperatorMetrics();
  const controller = new Controller({
    name: "test",
    reconcile,
    sources: [],
    concurrency,
    clock,
    metrics,
    reconcileMsMax: 1000,
    drainMsMax: 500,
  });
  const stop = new AbortController();
  return { clock, controller, stop, metrics, running: controller.run(stop.signal) };
}

async function total(metrics: OperatorMetrics, result: string): Promise<number> {
  const text = await metrics.registry.metrics();
  const pattern = `controller_runtime_reconcile_total{controller="test",result="${result}"} (\\d+)`;
  return Number(new RegExp(pattern).exec(text)?.[1] ?? 0);
}

const done = { kind: "done" } as const;

describe("what a reconcile function says", () => {
  test("done: not again", async () => {
    const keys: string[] = [];
    const { clock, controller, metrics } = start(async (key) => {
      keys.push(keyText(key));
      return await Promise.resolve(done);
    });
    controller.enqueue({ namespace: "n", name: "a" });
    await clock.advance(1_000_000);
    expect(keys).toEqual(["n/a"]);
    expect(await total(metrics, "success")).toBe(1);
    expect(controller.idle).toBe(true);
  });

  test("again: after the time", async () => {
    const times: number[] = [];
    const { clock, controller, metrics } = start(async () => {
      times.push(clock.now());
      return await Promise.resolve({ kind: "again", afterMs: 100 } as const);
    });
    controller.enqueue({ name: "a" });
    await clock.advance(250);
    expect(times).toEqual([0, 100, 200]);
    expect(await total(metrics, "requeue_after")).toBe(3);
  });

  test.each([
    { name: "rejects", fail: async () => await Promise.reject(new Error("no")) },
    {
      name: "throws before its first await",
      fail: () => {
        throw new Error("no");
      },
    },
  ])("$name: again, later and later, until it succeeds", async ({ fail }) => {
    const failures: number[] = [];
    const { clock, controller, metrics } = start(async (_, context) => {
      failures.push(context.failures);
      return failures.length <= 3 ? await fail() : done;
    });
    controller.enqueue({ name: "a" });
    await clock.advance(5 + 10 + 20);
    expect(failures).toEqual([0, 1, 2, 3]);
    controller.enqueue({ name: "a" });
    await clock.advance(0);
    expect(failures.at(-1)).toBe(0);
    expect([await total(metrics, "error"), await total(metrics, "success")]).toEqual([3, 2]);
  });

  test("invalid: not again until it changes", async () => {
    let runs = 0;
    const { clock, controller, metrics } = start(async () => {
      runs += 1;
      return await Promise.reject(new OperatorError("invalid", "spec.x cannot be"));
    });
    controller.enqueue({ name: "a" });
    await clock.advance(1_000_000);
    expect(runs).toBe(1);
    expect(await metrics.registry.metrics()).toContain(
      'controller_runtime_terminal_reconcile_errors_total{controller="test"} 1',
    );
  });

  test("nothing for too long: its signal is aborted, the worker goes on, the key stays taken", async () => {
    const signals: AbortSignal[] = [];
    const keys: string[] = [];
    const hang = Promise.withResolvers<typeof done>();
    const { clock, controller } = start(async (key, { signal }) => {
      keys.push(key.name);
      signals.push(signal);
      return key.name === "hangs" && keys.length === 1 ? await hang.promise : done;
    });
    controller.enqueue({ name: "hangs" });
    controller.enqueue({ name: "other" });
    await clock.advance(2000);
    expect(signals[0]?.reason).toMatchObject({ code: "timeout" });
    expect(keys).toEqual(["hangs", "other"]);
    hang.resolve(done);
    await clock.advance(2000);
    expect(keys).toEqual(["hangs", "other", "hangs"]);
  });
});

test("so many at the same time, never the same key twice", async () => {
  const running = new Set<string>();
  let most = 0;
  const { clock, controller } = start(async ({ name }) => {
    expect(running.has(name)).toBe(false);
    running.add(name);
    most = Math.max(most, running.size);
    await new Promise<void>((resolve) => void clock.setTimer(10, resolve));
    running.delete(name);
    return done;
  }, 3);
  for (const name of ["a", "b", "c", "d", "e", "a"]) controller.enqueue({ name });
  await clock.advance(5);
  controller.enqueue({ name: "a" });
  await clock.advance(100);
  expect(most).toBe(3);
  expect(controller.idle).toBe(true);
});

describe("stopping", () => {
  const slow =
    (clock: () => FakeClock, ms: number, ended: string[]): Reconcile =>
    async (_, { signal }) => {
      await new Promise<void>((resolve) => {
        const timer = clock().setTimer(ms, resolve);
        signal.addEventListener("abort", () => {
          timer.cancel();
          resolve();
        });
      });
      ended.push(signal.aborted ? "aborted" : "finished");
      return done;
    };

  test.each([
    { name: "what runs may finish", ms: 400, reason: undefined, ended: "finished", afterMs: 400 },
    { name: "but not for ever", ms: 900, reason: undefined, ended: "aborted", afterMs: 500 },
    {
      name: "and not without the lease",
      ms: 400,
      reason: new OperatorError("lease_lost", "another leads"),
      ended: "aborted",
      afterMs: 0,
    },
  ])("$name", async ({ ms, reason, ended, afterMs }) => {
    const all: string[] = [];
    const started: Started = start(slow(() => started.clock, ms, all));
    const { clock, controller, stop, running } = started;
    controller.enqueue({ name: "a" });
    controller.enqueue({ name: "waits" });
    await clock.advance(0);
    stop.abort(reason);
    await clock.advance(afterMs);
    await running;
    expect(all).toEqual([ended]);
    expect(clock.timers).toBe(0);
  });
});

test("sources are gathered before it runs, and not any more afterwards", async () => {
  const manual = new ManualSource();
  const keys: string[] = [];
  const clock = new FakeClock();
  const controller = new Controller({
    name: "test",
    reconcile: async (key) => {
      keys.push(key.name);
      return await Promise.resolve(done);
    },
    sources: [manual],
    concurrency: 1,
    clock,
  });
  const attached = controller.attach();
  manual.add({ name: "early" }, 0);
  expect(controller.waiting).toBe(1);
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  await clock.advance(0);
  expect(keys).toEqual(["early"]);
  attached[Symbol.dispose]();
  expect(manual.attached).toBe(false);
  stop.abort();
  await running;
});

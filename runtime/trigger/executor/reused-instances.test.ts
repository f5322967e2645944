import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Instance } from "../../instance/instance.ts";
import type { GuestContext } from "../guest-context.ts";
import { noInvocation } from "../../telemetry/no-telemetry.ts";
import type { GuestLease } from "../loaded-component.ts";
import { isolated, ReusedInstances } from "./reused-instances.ts";
import type { ReuseLimits } from "./reused-instances.ts";

/** What the pool under test gets its instances from: numbered, and remembered when they end. */
class Numbered {
  readonly ended: number[] = [];
  #next = 0;

  take = (): GuestLease => {
    const number = this.#next++;
    return {
      instance: number as unknown as Instance<GuestContext>,
      start: "fresh",
      holder: undefined,
      [Symbol.dispose]: () => void this.ended.push(number),
    };
  };
}

function limits(requests: number, concurrent: number): ReuseLimits {
  return {
    requestsMax: { min: requests, max: requests },
    concurrentMax: { min: concurrent, max: concurrent },
    idleMs: { min: 1000, max: 1000 },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("ReusedInstances", () => {
  test("isolated: every request has its own, which ends with it", () => {
    const source = new Numbered();
    const pool = new ReusedInstances(source.take, isolated);
    const first = pool.take(noInvocation);
    const second = pool.take(noInvocation);
    expect([first.instance, second.instance]).toEqual([0, 1]);
    second[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(source.ended).toEqual([1, 0]);
  });

  test("an instance answers as many requests as it may, then ends", () => {
    const source = new Numbered();
    const pool = new ReusedInstances(source.take, limits(3, 10));
    const used: unknown[] = [];
    for (let request = 0; request < 7; request++) {
      using lease = pool.take(noInvocation);
      used.push(lease.instance);
    }
    expect(used).toEqual([0, 0, 0, 1, 1, 1, 2]);
    expect(source.ended).toEqual([0, 1]);
  });

  test("no more requests at once than it may", () => {
    const source = new Numbered();
    const pool = new ReusedInstances(source.take, limits(100, 2));
    const leases = [pool.take(noInvocation), pool.take(noInvocation), pool.take(noInvocation)];
    expect(leases.map(({ instance }) => instance)).toEqual([0, 0, 1]);
    leases[0]?.[Symbol.dispose]();
    expect(pool.take(noInvocation).instance).toBe(0);
  });

  test("an idle one ends after a while, one that is asked in time does not", () => {
    const source = new Numbered();
    const pool = new ReusedInstances(source.take, limits(100, 1));
    pool.take(noInvocation)[Symbol.dispose]();
    vi.advanceTimersByTime(999);
    pool.take(noInvocation)[Symbol.dispose]();
    vi.advanceTimersByTime(999);
    expect(source.ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(source.ended).toEqual([0]);
  });

  test("a broken one ends when its last request is over", () => {
    const source = new Numbered();
    const pool = new ReusedInstances(source.take, limits(100, 2));
    const [one, two] = [pool.take(noInvocation), pool.take(noInvocation)];
    one.retire();
    one[Symbol.dispose]();
    expect(source.ended).toEqual([]);
    expect(pool.take(noInvocation).instance).toBe(1);
    two[Symbol.dispose]();
    two[Symbol.dispose]();
    expect(source.ended).toEqual([0]);
  });

  test("closing ends the idle ones now and the busy ones later", () => {
    const source = new Numbered();
    const pool = new ReusedInstances(source.take, limits(100, 1));
    const busy = pool.take(noInvocation);
    pool.take(noInvocation)[Symbol.dispose]();
    pool[Symbol.dispose]();
    expect(source.ended).toEqual([1]);
    busy[Symbol.dispose]();
    expect(source.ended).toEqual([1, 0]);
  });
});

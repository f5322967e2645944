import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LeasePool, type LeasePoolOptions, type Poolable } from "./lease-pool.ts";

class Connection implements Poolable {
  alive = true;
  closed = false;
  resets: boolean | Promise<boolean> = true;

  reset(): boolean | Promise<boolean> {
    return this.resets;
  }

  close(): void {
    this.closed = true;
  }
}

function pool(changes: Partial<LeasePoolOptions<Connection>> = {}): {
  opened: Connection[];
  leases: LeasePool<Connection>;
} {
  const opened: Connection[] = [];
  const connect = (): Promise<Connection> => {
    const connection = new Connection();
    opened.push(connection);
    return Promise.resolve(connection);
  };
  const options = { connect, max: 2, idleMsMax: 1000, waitMsMax: 500, ...changes };
  return { opened, leases: new LeasePool(options) };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("an idle connection is had at once, the one used last first", async () => {
  const { opened, leases } = pool();
  const [first, second] = [await leases.acquire(), await leases.acquire()];
  leases.release(first);
  leases.release(second);
  expect(leases.acquireIdle()).toBe(second);
  expect(leases.acquireIdle()).toBe(first);
  expect(opened).toHaveLength(2);
});

test("it belongs to one at a time, and is given back once", async () => {
  const { leases } = pool();
  const first = await leases.acquire();
  leases.release(first);
  leases.release(first);
  expect(leases.acquireIdle()).toBe(first);
  expect(await leases.acquire()).not.toBe(first);
});

test.each([
  ["is broken", (each: Connection) => void (each.alive = false)],
  ["cannot be made as new", (each: Connection) => void (each.resets = false)],
  ["fails to", (each: Connection) => void (each.resets = Promise.reject(new Error("lost")))],
])("one that %s is closed", async (_, spoil) => {
  const { leases } = pool();
  const spoilt = await leases.acquire();
  spoil(spoilt);
  leases.release(spoilt);
  await vi.waitFor(() => expect(spoilt.closed).toBe(true));
  expect(await leases.acquire()).not.toBe(spoilt);
});

test("nobody has it while it is made as new", async () => {
  const { leases } = pool({ max: 1 });
  const only = await leases.acquire();
  const reset = Promise.withResolvers<boolean>();
  only.resets = reset.promise;
  leases.release(only);
  expect(leases.acquireIdle()).toBe(undefined);
  const next = leases.acquire();
  reset.resolve(true);
  expect(await next).toBe(only);
});

test("beyond the most there may be, one waits for a turn, for so long", async () => {
  const { leases } = pool({ max: 1 });
  const only = await leases.acquire();
  const served = leases.acquire();
  const unserved = leases.acquire();
  leases.release(only);
  expect(await served).toBe(only);
  const refusal = unserved.catch((error: unknown) => String(error));
  await vi.advanceTimersByTimeAsync(500);
  expect(await refusal).toBe("Error: too many connections: all 1 are in use");
});

test("one that waits is served when another could not connect", async () => {
  const turns = [Promise.reject<Connection>(new Error("down")), Promise.resolve(new Connection())];
  const { leases } = pool({ max: 1, connect: () => turns.shift() ?? Promise.reject(new Error()) });
  const failed = leases.acquire();
  const served = leases.acquire();
  await expect(failed).rejects.toThrow("down");
  expect(await served).toBeInstanceOf(Connection);
});

test("each is closed when it has been idle for so long", async () => {
  const { leases } = pool();
  const [first, second] = [await leases.acquire(), await leases.acquire()];
  leases.release(first);
  await vi.advanceTimersByTimeAsync(400);
  leases.release(second);
  await vi.advanceTimersByTimeAsync(600);
  expect([first.closed, second.closed]).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(400);
  expect(second.closed).toBe(true);
  expect(leases.isEmpty).toBe(true);
});

test("disposing closes what is idle and what is not, and refuses those who wait", async () => {
  const { leases } = pool();
  const [idle, leased] = [await leases.acquire(), await leases.acquire()];
  const refused = leases.acquire();
  leases[Symbol.dispose]();
  expect([idle.closed, leased.closed]).toEqual([true, true]);
  await expect(refused).rejects.toThrow("the host is shutting down");
  leases.release(leased);
  const late = leases.acquire();
  await expect(late).rejects.toThrow("the host is shutting down");
});

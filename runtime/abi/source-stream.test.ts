import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { WhorlError } from "../error.ts";
import { SourceStream } from "./source-stream.ts";
import { Store } from "./store.ts";

const bytes = { key: "u8", isBytes: true, isNumeric: true, copyItemsMax: Infinity };

/** A stream of bytes whose source answers when the test wants. */
function waitingStream() {
  const store = new Store();
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
  const seen = { pulls: 0, drops: 0 };
  const stream = new SourceStream(store, bytes, {
    pull: () => {
      seen.pulls++;
      // Sources of the engine are of any type.
      return promise as Promise<never>;
    },
    drop: () => void seen.drops++,
  });
  return { store, stream, seen, resolve, reject };
}

const trapped = new WhorlError("trap", "the guest trapped");

test("what is pulled is read back", async () => {
  const { stream, resolve } = waitingStream();
  const reading = stream.read(2);
  resolve(Uint8Array.of(1, 2, 3));
  expect([await reading, await stream.read()]).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)]);
});

test("a read that waits rejects when the instance fails, and so does the next one", async () => {
  const { store, stream, seen } = waitingStream();
  const reading = stream.read();
  store.fail(trapped);
  await expect(reading).rejects.toBe(trapped);
  await expect(stream.read()).rejects.toBe(trapped);
  expect([seen.pulls, store.listeners.size]).toEqual([1, 0]);
  stream.drop();
  expect(seen.drops).toBe(1);
});

test.each([
  ["has something", (stream: ReturnType<typeof waitingStream>) => stream.resolve(Uint8Array.of(1))],
  ["is at its end", (stream) => stream.resolve(undefined)],
  ["fails", (stream) => stream.reject(new Error("gone"))],
])("a source that %s after the instance has ended disturbs nobody", async (_, settle) => {
  const waiting = waitingStream();
  const { store, stream } = waiting;
  const reading = stream.read();
  store.fail(trapped);
  await expect(reading).rejects.toBe(trapped);
  store.reset();
  store.failure = undefined;
  settle(waiting);
  await setImmediate();
  await expect(stream.read()).rejects.toThrow("the instance has ended");
  expect([store.failure, store.outside]).toEqual([undefined, 0]);
});

test("a read that is taken back loses nothing", async () => {
  const { stream, resolve } = waitingStream();
  const reading = stream.read();
  stream.cancelRead();
  expect(await reading).toEqual(new Uint8Array(0));
  resolve(Uint8Array.of(7));
  expect(await stream.read()).toEqual(Uint8Array.of(7));
});

test("a stream that is dropped while it is read is at its end", async () => {
  const { stream, seen } = waitingStream();
  const reading = stream.read();
  stream.drop();
  expect([await reading, await stream.read(), seen.drops]).toEqual([undefined, undefined, 1]);
});

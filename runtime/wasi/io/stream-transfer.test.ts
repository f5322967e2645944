import { describe, expect, test } from "vitest";
import { BufferOutputStream, bytesInputStream } from "./memory-streams.ts";
import { ChunkReader, pullAll } from "./stream-reader-fixture.ts";
import { inputStreamSource, writeStream } from "./stream-transfer.ts";
import { StreamFailure } from "./streams.ts";
import type { InputStream, OutputStream } from "./streams.ts";

/** Gives one step at each read: bytes, nothing yet (""), a failure. */
function steppedInput(...steps: (string | Error)[]): InputStream & { isDisposed: boolean } {
  return {
    isDisposed: false,
    isReady: () => true,
    wait: () => Promise.resolve(),
    read(length) {
      const step = steps.shift();
      if (step === undefined) throw StreamFailure.closed();
      if (step instanceof Error) throw StreamFailure.failed(step);
      return Buffer.from(step).subarray(0, length);
    },
    dispose() {
      this.isDisposed = true;
    },
  };
}

describe("inputStreamSource", () => {
  test("gives the bytes and then the end, once", async () => {
    const ends: unknown[] = [];
    const source = inputStreamSource(bytesInputStream(Buffer.from("hello")), (failure) => {
      ends.push(failure);
    });
    const bytes = await pullAll(source as never, 2);
    expect(Buffer.from(bytes as number[]).toString()).toBe("hello");
    expect(ends).toEqual([undefined]);
  });

  test("waits where nothing is there yet", async () => {
    const source = inputStreamSource(steppedInput("", "", "late"), () => undefined);
    expect(String(await source.pull(10))).toBe("late");
  });

  test("a failure ends it, and is told beside it", async () => {
    const broken = new Error("broken");
    const input = steppedInput("a", broken);
    const ends: unknown[] = [];
    const source = inputStreamSource(input, (failure) => ends.push(failure));
    expect(String(await source.pull(10))).toBe("a");
    expect(await source.pull(10)).toBeUndefined();
    expect(ends).toEqual([broken]);
    expect(input.isDisposed).toBe(true);
  });

  test("a guest that reads no further ends it", async () => {
    const ends: unknown[] = [];
    const input = steppedInput("a", "b");
    const source = inputStreamSource(input, (failure) => ends.push(failure));
    await source.pull(10);
    source.drop?.();
    source.drop?.();
    expect(ends).toEqual([undefined]);
    expect(await source.pull(10)).toBeUndefined();
    expect(input.isDisposed).toBe(true);
  });
});

describe("writeStream", () => {
  test("writes all chunks and drops the stream", async () => {
    const reader = new ChunkReader("one ", "two");
    const output = new BufferOutputStream();
    await writeStream(reader, output);
    expect(String(output.bytes())).toBe("one two");
    expect(reader.isDropped).toBe(true);
  });

  test("takes no more than there is room for", async () => {
    const sizes: number[] = [];
    const output: OutputStream = {
      isReady: () => true,
      wait: () => Promise.resolve(),
      checkWrite: () => (sizes.length % 2 === 0 ? 3 : 1),
      write: (bytes) => void sizes.push(bytes.length),
      flush: () => undefined,
      dispose: () => undefined,
    };
    await writeStream(new ChunkReader("abcdefgh"), output);
    expect(sizes).toEqual([3, 1, 3, 1]);
  });

  test("a peer that takes no more rejects, and the guest is told", async () => {
    const reader = new ChunkReader("a", "b");
    const output = new BufferOutputStream(1);
    await expect(writeStream(reader, output)).rejects.toThrow("more than 1 bytes");
    expect(reader.isDropped).toBe(true);
  });
});

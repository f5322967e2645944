import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { err, ok } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { closedContext } from "./closed-context.ts";
import { ioError } from "./error-interface.ts";
import {
  BufferOutputStream,
  bytesInputStream,
  callbackOutputStream,
  emptyInputStream,
  nullOutputStream,
} from "./memory-streams.ts";
import { readableInputStream, writableOutputStream } from "./node-streams.ts";
import { StreamFailure } from "./streams.ts";
import { streams } from "./streams-interface.ts";

const context = closedContext();
const closed = err({ tag: "closed" });

/** Calls a method of `input-stream` or `output-stream`. */
function call(method: string, ...values: unknown[]): unknown {
  const resource = method.startsWith("<") ? "input-stream" : "output-stream";
  const run = streams.functions[`[method]${resource}.${method.slice(1)}`];
  if (run === undefined) throw new Error(`no function ${method}`);
  return run(context, ...values);
}

/** What leaves `sink` only when the test says so. */
function heldSink(): { sink: Writable; written: Buffer[]; release: () => void } {
  const written: Buffer[] = [];
  let done: (() => void) | undefined;
  const sink = new Writable({
    highWaterMark: 4,
    write(chunk: Buffer, _encoding, callback) {
      written.push(chunk);
      done = callback;
    },
  });
  return { sink, written, release: () => done?.() };
}

test.each([
  ["<read", 3n, ok(Buffer.from("abc"))],
  ["<read", 0n, ok(Buffer.alloc(0))],
  ["<read", (1n << 64n) - 1n, ok(Buffer.from("abcdef"))],
  ["<blocking-read", 100n, ok(Buffer.from("abcdef"))],
  ["<blocking-read", 0n, ok(Buffer.alloc(0))],
  ["<skip", 4n, ok(4n)],
  ["<blocking-skip", 100n, ok(6n)],
])("%s of %s bytes that are there answers at once", (method, length, expected) => {
  const input = bytesInputStream(Buffer.from("abcdef"));
  expect(call(method, input, length)).toEqual(expected);
});

test.each(["<read", "<blocking-read", "<skip", "<blocking-skip"])(
  "%s at the end is closed",
  (method) => {
    expect(call(method, emptyInputStream, 1n)).toEqual(closed);
  },
);

test("one read returns at most its bound", () => {
  const input = bytesInputStream(Buffer.alloc(limits.streamReadBytesMax * 2));
  const answer = call("<read", input, 1n << 40n) as { val: Uint8Array };
  expect(answer.val).toHaveLength(limits.streamReadBytesMax);
});

test.each([
  ["<blocking-read", ok(Buffer.from("late"))],
  ["<blocking-skip", ok(4n)],
])("%s waits for bytes, then for the end", async (method, expected) => {
  const source = new PassThrough();
  const input = readableInputStream(source);
  const answer = call(method, input, 10n);
  expect(answer).toBeInstanceOf(Promise);
  source.write("late");
  expect(await answer).toEqual(expected);
  const end = call(method, input, 10n);
  source.end();
  expect(await end).toEqual(closed);
});

test("a blocking read is woken by an error, which tells its reason", async () => {
  const source = new PassThrough();
  const answer = call("<blocking-read", readableInputStream(source), 10n);
  source.destroy(new Error("cable cut"));
  const failure = (await answer) as { tag: string; val: { tag: string; val: object } };
  expect(failure).toMatchObject({ tag: "err", val: { tag: "last-operation-failed" } });
  const text = ioError.functions["[method]error.to-debug-string"]?.(context, failure.val.val);
  expect(text).toBe("cable cut");
});

test("write takes what check-write permits", () => {
  const output = new BufferOutputStream();
  expect(call(">check-write", output)).toEqual(ok(BigInt(limits.streamWriteBytesMax)));
  expect(call(">write", output, Buffer.from("ab"))).toEqual(ok(undefined));
  expect(call(">write-zeroes", output, 2n)).toEqual(ok(undefined));
  expect(call(">flush", output)).toEqual(ok(undefined));
  expect(call(">blocking-flush", output)).toEqual(ok(undefined));
  expect(call(">blocking-write-and-flush", output, Buffer.from("c"))).toEqual(ok(undefined));
  expect(call(">blocking-write-zeroes-and-flush", output, 1n)).toEqual(ok(undefined));
  expect(Buffer.from(output.bytes()).toString()).toBe("ab\0\0c\0");
});

const tooLong = limits.streamWriteBytesMax + 1;

test.each([
  [">write", Buffer.alloc(tooLong)],
  [">write-zeroes", BigInt(tooLong)],
  [">write-zeroes", (1n << 64n) - 1n],
  [">blocking-write-and-flush", Buffer.alloc(limits.blockingWriteBytesMax + 1)],
  [">blocking-write-zeroes-and-flush", BigInt(limits.blockingWriteBytesMax + 1)],
  [">blocking-write-zeroes-and-flush", (1n << 64n) - 1n],
])("%s beyond its bound traps", (method, argument) => {
  expect(() => call(method, nullOutputStream, argument)).toThrow(
    expect.objectContaining({ code: "trap" }),
  );
});

test("write without a permit traps", () => {
  const { sink } = heldSink();
  const output = writableOutputStream(sink);
  expect(call(">write", output, Buffer.from("12345"))).toEqual(ok(undefined));
  expect(call(">check-write", output)).toEqual(ok(0n));
  expect(() => call(">write", output, Buffer.from("6"))).toThrow(/check-write permits 0/);
});

test("blocking writes wait until there is room, and the flush until the peer has caught up", async () => {
  const { sink, written, release } = heldSink();
  const output = writableOutputStream(sink);
  const first = call(">blocking-write-and-flush", output, Buffer.from("12345"));
  expect(first).toBeInstanceOf(Promise);
  release();
  expect(await first).toEqual(ok(undefined));
  call(">write", output, Buffer.from("abcde"));
  const second = call(">blocking-write-and-flush", output, Buffer.from("6"));
  expect(second).toBeInstanceOf(Promise);
  release();
  expect(await second).toEqual(ok(undefined));
  expect(Buffer.concat(written).toString()).toBe("12345abcde6");
});

test("a blocking flush is woken when the stream fails", async () => {
  const { sink } = heldSink();
  const output = writableOutputStream(sink);
  call(">write", output, Buffer.from("12345"));
  const answer = call(">blocking-flush", output);
  sink.destroy(new Error("gone"));
  expect(await answer).toMatchObject({ tag: "err", val: { tag: "last-operation-failed" } });
});

test("a failing write is an answer, any other error a trap", () => {
  const failing = callbackOutputStream(() => {
    throw StreamFailure.failed("full");
  });
  expect(call(">write", failing, Buffer.from("a"))).toMatchObject({ tag: "err" });
  const broken = callbackOutputStream(() => {
    throw new TypeError("bug");
  });
  expect(() => call(">write", broken, Buffer.from("a"))).toThrow(TypeError);
});

test("a buffer takes up to its bound", () => {
  const output = new BufferOutputStream(3);
  expect(call(">write", output, Buffer.from("abc"))).toEqual(ok(undefined));
  expect(call(">write", output, Buffer.from("d"))).toMatchObject({ tag: "err" });
  expect(output.bytes()).toHaveLength(3);
});

test.each([">splice", ">blocking-splice"])("%s moves what is there", (method) => {
  const output = new BufferOutputStream();
  const input = bytesInputStream(Buffer.from("abcdef"));
  expect(call(method, output, input, 4n)).toEqual(ok(4n));
  expect(call(method, output, input, 1n << 63n)).toEqual(ok(2n));
  expect(call(method, output, input, 1n)).toEqual(closed);
  expect(Buffer.from(output.bytes()).toString()).toBe("abcdef");
});

test("splice moves nothing where nothing is there or nothing fits", () => {
  const source = readableInputStream(new PassThrough());
  expect(call(">splice", nullOutputStream, source, 5n)).toEqual(ok(0n));
  const output = writableOutputStream(heldSink().sink);
  call(">write", output, Buffer.from("12345"));
  expect(call(">splice", output, bytesInputStream(Buffer.from("a")), 5n)).toEqual(ok(0n));
});

test("blocking-splice waits for room and for bytes", async () => {
  const { sink, written, release } = heldSink();
  const output = writableOutputStream(sink);
  call(">write", output, Buffer.from("12345"));
  const source = new PassThrough();
  const answer = call(">blocking-splice", output, readableInputStream(source), 10n);
  release();
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  source.write("late");
  expect(await answer).toEqual(ok(4n));
  expect(Buffer.concat(written).toString()).toBe("12345late");
});

test("subscribe gives the stream itself", () => {
  expect(call("<subscribe", emptyInputStream)).toBe(emptyInputStream);
  expect(call(">subscribe", nullOutputStream)).toBe(nullOutputStream);
});

test("dropping a handle disposes the stream", () => {
  const source = new PassThrough();
  const input = readableInputStream(source, (readable) => readable.destroy());
  streams.resources["input-stream"]?.drop?.(context, input);
  expect(source.destroyed).toBe(true);
  const sink = new PassThrough();
  const output = writableOutputStream(sink, (writable) => writable.end());
  streams.resources["output-stream"]?.drop?.(context, output);
  expect(sink.writableEnded).toBe(true);
});

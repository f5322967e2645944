import { trap } from "../../error.ts";
import { err, ok } from "../../instance/host-interface.ts";
import type { HostInterface, Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { WasiContext } from "../context.ts";
import { waitUntilReady } from "./poll-interface.ts";
import { lastingInput, lastingOutput } from "./standard-streams.ts";
import { StreamFailure } from "./streams.ts";
import type { InputStream, OutputStream, StreamError } from "./streams.ts";

type Answer<T> = Result<T, StreamError>;
type Later<T> = Answer<T> | Promise<Answer<T>>;

/** wasi:io/streams over {@link InputStream} and {@link OutputStream}. */
export const streams: HostInterface<WasiContext> = {
  name: "wasi:io/streams",
  version: "0.2.12",
  functions: {
    "[method]input-stream.read": read,
    "[method]input-stream.blocking-read": blockingRead,
    "[method]input-stream.skip": skip,
    "[method]input-stream.blocking-skip": blockingSkip,
    "[method]input-stream.subscribe": (_context: WasiContext, stream: InputStream) => stream,
    "[method]output-stream.check-write": checkWrite,
    "[method]output-stream.write": write,
    "[method]output-stream.blocking-write-and-flush": blockingWriteAndFlush,
    "[method]output-stream.flush": flush,
    "[method]output-stream.blocking-flush": blockingFlush,
    "[method]output-stream.subscribe": (_context: WasiContext, stream: OutputStream) => stream,
    "[method]output-stream.write-zeroes": writeZeroes,
    "[method]output-stream.blocking-write-zeroes-and-flush": blockingWriteZeroesAndFlush,
    "[method]output-stream.splice": splice,
    "[method]output-stream.blocking-splice": blockingSplice,
  },
  suspending: new Set([
    "[method]input-stream.blocking-read",
    "[method]input-stream.blocking-skip",
    "[method]output-stream.blocking-write-and-flush",
    "[method]output-stream.blocking-flush",
    "[method]output-stream.blocking-write-zeroes-and-flush",
    "[method]output-stream.blocking-splice",
  ]),
  resources: {
    "input-stream": {
      drop: (_context, stream) => (stream as InputStream).dispose(),
      lasting: lastingInput,
    },
    "output-stream": {
      drop: (_context, stream) => (stream as OutputStream).dispose(),
      lasting: lastingOutput,
    },
  },
};

function failureOf(error: unknown): { readonly tag: "err"; readonly val: StreamError } {
  if (error instanceof StreamFailure) return err(error.error);
  throw error;
}

/** Streams count in numbers; no transfer is ever as long as what a u64 can ask for. */
function boundedLength(length: bigint, max: number): number {
  return length > BigInt(max) ? max : Number(length);
}

function read(_context: WasiContext, stream: InputStream, length: bigint): Answer<Uint8Array> {
  try {
    return ok(stream.read(boundedLength(length, limits.streamReadBytesMax)));
  } catch (error) {
    return failureOf(error);
  }
}

function blockingRead(
  context: WasiContext,
  stream: InputStream,
  length: bigint,
): Later<Uint8Array> {
  const answer = read(context, stream, length);
  if (answer.tag === "err" || answer.val.length > 0 || length === 0n) return answer;
  return waitAndRead(context, stream, length);
}

async function waitAndRead(
  context: WasiContext,
  stream: InputStream,
  length: bigint,
): Promise<Answer<Uint8Array>> {
  for (;;) {
    // Ready means that a read is worth a try.
    await waitUntilReady(stream);
    const answer = read(context, stream, length);
    if (answer.tag === "err" || answer.val.length > 0) return answer;
  }
}

function lengthOf(answer: Answer<Uint8Array>): Answer<bigint> {
  return answer.tag === "ok" ? ok(BigInt(answer.val.length)) : answer;
}

function skip(context: WasiContext, stream: InputStream, length: bigint): Answer<bigint> {
  return lengthOf(read(context, stream, length));
}

function blockingSkip(context: WasiContext, stream: InputStream, length: bigint): Later<bigint> {
  const answer = blockingRead(context, stream, length);
  return answer instanceof Promise ? answer.then(lengthOf) : lengthOf(answer);
}

function checkWrite(_context: WasiContext, stream: OutputStream): Answer<bigint> {
  try {
    return ok(BigInt(stream.checkWrite()));
  } catch (error) {
    return failureOf(error);
  }
}

function write(_context: WasiContext, stream: OutputStream, bytes: Uint8Array): Answer<undefined> {
  try {
    const permitted = stream.checkWrite();
    if (bytes.length > permitted) {
      trap(`output-stream.write of ${bytes.length} bytes where check-write permits ${permitted}`);
    }
    stream.write(bytes);
    return ok(undefined);
  } catch (error) {
    return failureOf(error);
  }
}

function writeZeroes(
  _context: WasiContext,
  stream: OutputStream,
  length: bigint,
): Answer<undefined> {
  try {
    const permitted = stream.checkWrite();
    if (length > BigInt(permitted)) {
      trap(`output-stream.write-zeroes of ${length} bytes where check-write permits ${permitted}`);
    }
    stream.write(new Uint8Array(Number(length)));
    return ok(undefined);
  } catch (error) {
    return failureOf(error);
  }
}

function flush(_context: WasiContext, stream: OutputStream): Answer<undefined> {
  try {
    stream.flush();
    return ok(undefined);
  } catch (error) {
    return failureOf(error);
  }
}

function blockingFlush(context: WasiContext, stream: OutputStream): Later<undefined> {
  const answer = flush(context, stream);
  if (answer.tag === "err") return answer;
  return stream.isReady()
    ? afterFlush(stream)
    : waitUntilReady(stream).then(() => afterFlush(stream));
}

/** A stream that closed with everything written has not failed; the next call will say closed. */
function afterFlush(stream: OutputStream): Answer<undefined> {
  try {
    stream.checkWrite();
    return ok(undefined);
  } catch (error) {
    const failure = failureOf(error);
    return failure.val.tag === "closed" ? ok(undefined) : failure;
  }
}

function blockingWriteAndFlush(
  context: WasiContext,
  stream: OutputStream,
  bytes: Uint8Array,
): Later<undefined> {
  if (bytes.length > limits.blockingWriteBytesMax) {
    trap(
      `blocking-write-and-flush of ${bytes.length} bytes; ` +
        `it takes at most ${limits.blockingWriteBytesMax}`,
    );
  }
  try {
    if (stream.checkWrite() < bytes.length) return writeInParts(context, stream, bytes);
    stream.write(bytes);
  } catch (error) {
    return failureOf(error);
  }
  return blockingFlush(context, stream);
}

async function writeInParts(
  context: WasiContext,
  stream: OutputStream,
  bytes: Uint8Array,
): Promise<Answer<undefined>> {
  try {
    for (let offset = 0; offset < bytes.length;) {
      const permitted = stream.checkWrite();
      if (permitted > 0) {
        stream.write(bytes.subarray(offset, offset + permitted));
        offset += permitted;
      } else {
        await waitUntilReady(stream);
      }
    }
  } catch (error) {
    return failureOf(error);
  }
  return await blockingFlush(context, stream);
}

function blockingWriteZeroesAndFlush(
  context: WasiContext,
  stream: OutputStream,
  length: bigint,
): Later<undefined> {
  const count = boundedLength(length, limits.blockingWriteBytesMax + 1);
  return blockingWriteAndFlush(context, stream, new Uint8Array(count));
}

function splice(
  context: WasiContext,
  stream: OutputStream,
  source: InputStream,
  length: bigint,
): Answer<bigint> {
  const permit = checkWrite(context, stream);
  if (permit.tag === "err" || permit.val === 0n) return permit;
  const bytes = read(context, source, length < permit.val ? length : permit.val);
  if (bytes.tag === "err" || bytes.val.length === 0) return lengthOf(bytes);
  const written = write(context, stream, bytes.val);
  return written.tag === "err" ? written : lengthOf(bytes);
}

function blockingSplice(
  context: WasiContext,
  stream: OutputStream,
  source: InputStream,
  length: bigint,
): Later<bigint> {
  const answer = splice(context, stream, source, length);
  if (answer.tag === "err" || answer.val > 0n || length === 0n) return answer;
  return waitAndSplice(context, stream, source, length);
}

async function waitAndSplice(
  context: WasiContext,
  stream: OutputStream,
  source: InputStream,
  length: bigint,
): Promise<Answer<bigint>> {
  for (;;) {
    // First room for the bytes, then the bytes.
    await waitUntilReady(stream.isReady() ? source : stream);
    const answer = splice(context, stream, source, length);
    if (answer.tag === "err" || answer.val > 0n) return answer;
  }
}

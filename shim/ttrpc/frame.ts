import { ShimError } from "../error.ts";

/** Types of frames that unary calls use (ttrpc PROTOCOL.md). */
export const frameTypes = { request: 1, response: 2, data: 3 } as const;

/** The sender sends nothing more on this stream: a unary request or an answer. */
export const remoteClosed = 1;

const headerBytes = 10;

export interface Frame {
  readonly kind: "frame";
  readonly stream: number;
  readonly type: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** A frame above the limit; its payload is skipped, so that the connection stays usable. */
export interface OversizedFrame {
  readonly kind: "oversized";
  readonly stream: number;
  readonly type: number;
  /** Size that the header announces, in bytes. */
  readonly announced: number;
}

/** Header and payload, ready to be written. Throws `resource_exhausted` above the limit. */
export function encodeFrame(
  { stream, type, flags, payload }: Omit<Frame, "kind">,
  payloadBytesMax: number,
): Buffer {
  if (payload.length > payloadBytesMax) {
    throw new ShimError(
      "resource_exhausted",
      `a ttrpc message has ${payload.length} bytes, more than the limit of ${payloadBytesMax}`,
    );
  }
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame.writeUInt32BE(stream, 4);
  frame.writeUInt8(type, 8);
  frame.writeUInt8(flags, 9);
  frame.set(payload, headerBytes);
  return frame;
}

interface Header {
  readonly length: number;
  readonly stream: number;
  readonly type: number;
  readonly flags: number;
}

/**
 * Cuts a byte stream into ttrpc frames and keeps an incomplete tail for the next call. Never holds
 * more than one header, one payload within the limit and the last chunk.
 */
export class FrameDecoder {
  readonly #payloadBytesMax: number;
  readonly #headerBuffer = Buffer.alloc(headerBytes);
  #headerLength = 0;
  #header: Header | undefined;
  #payload = Buffer.alloc(0);
  #payloadLength = 0;
  #skip = 0;

  /** `skip`: so many bytes belong to a frame above the limit; see {@link unfinished}. */
  constructor(payloadBytesMax: number, skip = 0) {
    this.#payloadBytesMax = payloadBytesMax;
    this.#skip = skip;
  }

  /** The frame that waits for its rest, for another decoder to go on with. */
  get unfinished(): { readonly bytes: Uint8Array; readonly skip: number } {
    const payload = this.#payload.subarray(0, this.#payloadLength);
    const header = this.#headerBuffer.subarray(0, this.#header ? headerBytes : this.#headerLength);
    return { bytes: Buffer.concat([header, payload]), skip: this.#skip };
  }

  /** Bytes that wait for the rest of their frame; not zero at the end means truncation. */
  get pendingBytes(): number {
    return this.#headerLength + this.#payloadLength + this.#skip;
  }

  /** Frames that this chunk completes. Payloads do not share memory with the chunk. */
  push(chunk: Uint8Array): (Frame | OversizedFrame)[] {
    const frames: (Frame | OversizedFrame)[] = [];
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - offset);
        this.#skip -= skipped;
        offset += skipped;
      } else if (this.#header === undefined) {
        offset = this.#takeHeader(chunk, offset, frames);
      } else {
        offset = this.#takePayload(chunk, offset);
      }
      this.#finish(frames);
    }
    return frames;
  }

  #takeHeader(chunk: Uint8Array, offset: number, frames: (Frame | OversizedFrame)[]): number {
    const taken = Math.min(headerBytes - this.#headerLength, chunk.length - offset);
    this.#headerBuffer.set(chunk.subarray(offset, offset + taken), this.#headerLength);
    this.#headerLength += taken;
    if (this.#headerLength === headerBytes) {
      const header = {
        length: this.#headerBuffer.readUInt32BE(0),
        stream: this.#headerBuffer.readUInt32BE(4),
        type: this.#headerBuffer.readUInt8(8),
        flags: this.#headerBuffer.readUInt8(9),
      };
      this.#headerLength = 0;
      this.#begin(header, frames);
    }
    return offset + taken;
  }

  #begin(header: Header, frames: (Frame | OversizedFrame)[]): void {
    const { length, stream, type } = header;
    if (length > this.#payloadBytesMax) {
      frames.push({ kind: "oversized", stream, type, announced: length });
      this.#skip = length;
      return;
    }
    this.#header = header;
    this.#payload = Buffer.allocUnsafe(length);
  }

  #takePayload(chunk: Uint8Array, offset: number): number {
    const taken = Math.min(this.#payload.length - this.#payloadLength, chunk.length - offset);
    this.#payload.set(chunk.subarray(offset, offset + taken), this.#payloadLength);
    this.#payloadLength += taken;
    return offset + taken;
  }

  #finish(frames: (Frame | OversizedFrame)[]): void {
    const header = this.#header;
    if (header === undefined || this.#payloadLength < this.#payload.length) return;
    const { stream, type, flags } = header;
    frames.push({ kind: "frame", stream, type, flags, payload: this.#payload });
    this.#header = undefined;
    this.#payload = Buffer.alloc(0);
    this.#payloadLength = 0;
  }
}

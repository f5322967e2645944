import { Socket } from "node:net";
import { whorl } from "../../proto/gen/wire.js";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import {
  encodeFrame,
  type Frame,
  FrameDecoder,
  frameTypes,
  type OversizedFrame,
  remoteClosed,
} from "./frame.ts";
import { toStatus, type WireStatus } from "./status.ts";

/** A unary request as a handler gets it. */
export interface TtrpcRequest {
  readonly service: string;
  readonly method: string;
  readonly payload: Uint8Array;
  readonly metadata: readonly { readonly key: string; readonly value: string }[];
  /** What the caller grants, 0 for no bound. */
  readonly timeoutNano: number;
  /** Aborts when the caller's time is over or the caller is gone. */
  readonly signal: AbortSignal;
  readonly connection: TtrpcConnection;
}

/** An answer: a payload, or a status as another server gave it. */
export type TtrpcAnswer = Uint8Array | { readonly status: WireStatus };

/** Answers one request; what it throws becomes the status (see status.ts). */
export type TtrpcHandler = (request: TtrpcRequest) => Promise<TtrpcAnswer>;

/** First metadata value of a key. */
export function metadataOf({ metadata }: TtrpcRequest, key: string): string | undefined {
  return metadata.find((entry) => entry.key === key)?.value;
}

/** A connection for another process that goes on with it; see {@link TtrpcConnection.adopt}. */
export interface ConnectionState {
  readonly descriptor: number;
  /** Base64: the beginning of a frame whose rest has not come. */
  readonly received: string;
  /** Bytes that belong to a frame above the limit. */
  readonly skip: number;
  /** Requests without an answer: stream and ttrpc.Request in base64. */
  readonly open: readonly { readonly stream: number; readonly request: string }[];
}

/** A request that is being worked on. */
interface OpenRequest {
  readonly stream: number;
  readonly bytes: Uint8Array;
  readonly request: Pick<TtrpcRequest, "service" | "method">;
}

/**
 * Serves one connection. Requests run side by side; a peer that breaks the protocol, or does not
 * read its answers, loses the connection, and nobody else does.
 */
export class TtrpcConnection {
  readonly #socket: Socket;
  readonly #handler: TtrpcHandler;
  readonly #decoder: FrameDecoder;
  readonly #gone = new AbortController();
  readonly #inWork = new Set<OpenRequest>();
  /** What is read now is only looked at, for {@link handOver}. */
  #isLookedAt = false;

  constructor(socket: Socket, handler: TtrpcHandler, skip = 0) {
    this.#socket = socket;
    this.#handler = handler;
    this.#decoder = new FrameDecoder(shimLimits.frameBytesMax, skip);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    // An error is always followed by close.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#gone.abort());
  }

  /** Goes on with what {@link handOver} gave; `resume` answers the open requests. */
  static adopt(
    { descriptor, received, skip, open }: ConnectionState,
    handler: TtrpcHandler,
    resume: TtrpcHandler,
  ): TtrpcConnection {
    const socket = new Socket({ fd: descriptor, readable: true, writable: true });
    const connection = new TtrpcConnection(socket, handler, skip);
    for (const { stream, request } of open) {
      void connection.#serve(stream, Buffer.from(request, "base64"), resume);
    }
    connection.#receive(Buffer.from(received, "base64"));
    return connection;
  }

  /** Reads nothing more, until {@link resume}. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Nothing is being worked on but what may take for ever, and all answers are on their way. */
  isQuiet(isEndless: (request: Pick<TtrpcRequest, "service" | "method">) => boolean): boolean {
    if (this.#socket.destroyed) return true;
    if (this.#socket.writableLength > 0) return false;
    return [...this.#inWork].every(({ request }) => isEndless(request));
  }

  /** What another program in this process needs to go on, after {@link pause}; changes nothing. */
  handOver(): ConnectionState | undefined {
    const { fd } = (this.#socket as unknown as { _handle: { fd: number } | null })._handle ?? {};
    if (this.#socket.destroyed || fd === undefined) return undefined;
    const { bytes, skip } = this.#decoder.unfinished;
    const unread = this.#lookAtUnread();
    return {
      descriptor: fd,
      received: Buffer.concat([bytes, unread]).toString("base64"),
      skip,
      open: [...this.#inWork].map((each) => {
        return { stream: each.stream, request: Buffer.from(each.bytes).toString("base64") };
      }),
    };
  }

  #lookAtUnread(): Buffer {
    const chunks: Buffer[] = [];
    this.#isLookedAt = true;
    // One that came after another is given by another call.
    for (let next = this.#read(); next !== null; next = this.#read()) chunks.push(next);
    this.#isLookedAt = false;
    const unread = Buffer.concat(chunks);
    if (unread.length > 0) this.#socket.unshift(unread);
    return unread;
  }

  #read(): Buffer | null {
    return this.#socket.read() as Buffer | null;
  }

  /** Aborts when the connection is closed, by whichever side. */
  get closed(): AbortSignal {
    return this.#gone.signal;
  }

  /** Cuts the connection: containerd then takes the container for dead and runs `delete`. */
  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#isLookedAt) return;
    for (const frame of this.#decoder.push(chunk)) {
      if (this.#socket.destroyed) return;
      this.#take(frame);
    }
  }

  #take(frame: Frame | OversizedFrame): void {
    // Streams of a client have odd numbers; we never ask for streaming, so there is no data.
    if (frame.type !== frameTypes.request || frame.stream % 2 === 0) {
      this.close();
      return;
    }
    if (frame.kind === "oversized") {
      const { announced } = frame;
      const text = `message length ${announced} exceeds the maximum of ${shimLimits.frameBytesMax}`;
      this.#refuse(frame.stream, new ShimError("resource_exhausted", text));
      return;
    }
    if (this.#inWork.size >= shimLimits.requestsPerConnectionMax) {
      const text = `more than ${shimLimits.requestsPerConnectionMax} requests at once`;
      this.#refuse(frame.stream, new ShimError("resource_exhausted", text));
      return;
    }
    void this.#serve(frame.stream, frame.payload, this.#handler);
  }

  async #serve(stream: number, bytes: Uint8Array, handler: TtrpcHandler): Promise<void> {
    let open: OpenRequest | undefined;
    try {
      const request = decodeRequest(bytes);
      open = { stream, bytes, request };
      this.#inWork.add(open);
      this.#answer(stream, await this.#handle(request, handler));
    } catch (error) {
      this.#refuse(stream, error);
    } finally {
      if (open !== undefined) this.#inWork.delete(open);
    }
  }

  async #handle(request: whorl.ttrpc.Request, handler: TtrpcHandler): Promise<TtrpcAnswer> {
    const { service, method, timeoutNano } = request;
    const deadline = timeoutNano > 0 ? timeoutNano / 1e6 : 0;
    const time = new AbortController();
    const timer = deadline > 0 ? setTimeout(() => time.abort(), clampedMs(deadline)) : undefined;
    const signal = AbortSignal.any([time.signal, this.#gone.signal]);
    try {
      return await abortable(
        handler({
          service,
          method,
          timeoutNano,
          payload: request.payload,
          metadata: request.metadata as TtrpcRequest["metadata"],
          signal,
          connection: this,
        }),
        time.signal,
        `${method}: the caller's time is over`,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  #answer(stream: number, answer: TtrpcAnswer): void {
    const response = answer instanceof Uint8Array ? { payload: answer } : answer;
    this.#send(stream, response);
  }

  #refuse(stream: number, error: unknown): void {
    this.#send(stream, { status: toStatus(error) });
  }

  #send(stream: number, response: { payload?: Uint8Array; status?: WireStatus }): void {
    if (this.#socket.destroyed) return;
    const payload = whorl.ttrpc.Response.encode(response).finish();
    const { frameBytesMax, unreadAnswerBytesMax } = shimLimits;
    if (payload.length > frameBytesMax) {
      const text = `the answer has ${payload.length} bytes, more than ${frameBytesMax}`;
      this.#refuse(stream, new ShimError("resource_exhausted", text));
      return;
    }
    const type = frameTypes.response;
    this.#socket.write(encodeFrame({ stream, type, flags: remoteClosed, payload }, frameBytesMax));
    if (this.#socket.writableLength > unreadAnswerBytesMax) this.close();
  }
}

function decodeRequest(payload: Uint8Array): whorl.ttrpc.Request {
  try {
    return whorl.ttrpc.Request.decode(payload);
  } catch (error) {
    throw new ShimError("invalid_argument", "the request is no ttrpc.Request", { cause: error });
  }
}

/** Timers hold 31 bits of milliseconds; a longer time is as good as none. */
function clampedMs(ms: number): number {
  return Math.min(ms, 0x7fff_ffff);
}

/** The work's outcome, or `deadline_exceeded` if the signal aborts first. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal, text: string): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new ShimError("deadline_exceeded", text));
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}

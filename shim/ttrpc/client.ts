import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { whorl } from "../../proto/gen/wire.js";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { encodeFrame, type Frame, FrameDecoder, frameTypes, remoteClosed } from "./frame.ts";
import type { OversizedFrame } from "./frame.ts";
import { fromStatus, type WireStatus } from "./status.ts";

/** A unary call. */
export interface TtrpcCall {
  readonly service: string;
  readonly method: string;
  readonly payload: Uint8Array;
  readonly metadata?: readonly { readonly key: string; readonly value: string }[];
  /** Told to the server, which ends the call then; 0 for no bound. */
  readonly timeoutNano?: number;
}

/** What a server answered; without a status, or with code 0, the call succeeded. */
export interface TtrpcResponse {
  readonly status: WireStatus | undefined;
  readonly payload: Uint8Array;
}

interface Waiting {
  resolve(response: TtrpcResponse): void;
  reject(error: ShimError): void;
}

/** One connection to a ttrpc server; calls run side by side. */
export class TtrpcClient implements Disposable {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder(shimLimits.frameBytesMax);
  readonly #waiting = new Map<number, Waiting>();
  readonly #closed = new AbortController();
  readonly #address: string;
  #nextStream = 1;

  private constructor(socket: Socket, address: string) {
    this.#socket = socket;
    this.#address = address;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", () => undefined);
    socket.once("close", () => this.#onClose());
  }

  /**
   * Connects to a socket file; `unix://` before the path is allowed.
   * @throws ShimError `unavailable`
   */
  static async connect(address: string): Promise<TtrpcClient> {
    const path = address.replace(/^unix:\/\//, "");
    const socket = connect(path);
    try {
      await once(socket, "connect");
    } catch (error) {
      socket.destroy();
      const text = `cannot connect to ${path}: ${errorText(error)}`;
      throw new ShimError("unavailable", text, { cause: error });
    }
    return new TtrpcClient(socket, path);
  }

  /** Aborts when the connection is gone. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Answer of a call, whatever its status.
   * @throws ShimError `unavailable` if the connection ends first, `data_loss` for a broken answer
   */
  forward(call: TtrpcCall): Promise<TtrpcResponse> {
    if (this.#socket.destroyed) return Promise.reject(this.#gone());
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const { promise, resolve, reject } = Promise.withResolvers<TtrpcResponse>();
    try {
      const payload = whorl.ttrpc.Request.encode(call as whorl.ttrpc.Request.$Properties).finish();
      const type = frameTypes.request;
      const frame = { stream, type, flags: remoteClosed, payload };
      this.#socket.write(encodeFrame(frame, shimLimits.frameBytesMax));
    } catch (error) {
      return Promise.reject(ShimError.fromUnknown(error));
    }
    this.#waiting.set(stream, { resolve, reject });
    return promise;
  }

  /** Payload of a successful answer; any other status is thrown as ShimError. */
  async call(call: TtrpcCall): Promise<Uint8Array> {
    const { status, payload } = await this.forward(call);
    if (status !== undefined && status.code !== 0) throw fromStatus(status);
    return payload;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#decoder.push(chunk)) this.#take(frame);
  }

  #take(frame: Frame | OversizedFrame): void {
    const waiting = this.#waiting.get(frame.stream);
    if (waiting === undefined || frame.type !== frameTypes.response) {
      // An answer that nobody asked for: what else it sends cannot be trusted.
      this.#socket.destroy();
      return;
    }
    this.#waiting.delete(frame.stream);
    if (frame.kind === "oversized") {
      const text = `${this.#address} answers with ${frame.announced} bytes`;
      waiting.reject(new ShimError("resource_exhausted", text));
      return;
    }
    try {
      const { status, payload } = whorl.ttrpc.Response.decode(frame.payload);
      waiting.resolve({ status: (status as WireStatus | null | undefined) ?? undefined, payload });
    } catch (error) {
      const text = `${this.#address} answers with a broken message`;
      waiting.reject(new ShimError("data_loss", text, { cause: error }));
    }
  }

  #onClose(): void {
    this.#closed.abort();
    const error = this.#gone();
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  #gone(): ShimError {
    return new ShimError("unavailable", `the connection to ${this.#address} is closed`);
  }
}

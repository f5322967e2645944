import { Buffer } from "node:buffer";
import { StreamFailure } from "../io/streams.ts";
import type { OutputStream } from "../io/streams.ts";
import { Wakeup } from "../io/wakeup.ts";
import { latin1 } from "./field-syntax.ts";
import type { HeaderList, ResponseSink } from "./exchange.ts";

/** A sink that keeps the response in memory; takes `room` bytes until {@link release}. */
export class RecordingSink implements ResponseSink {
  /** What happened in order: `head 200 a=b`, `write 5`, `finish`, `abort reason`, `dispose`. */
  readonly events: string[] = [];
  readonly #wakeup = new Wakeup();
  readonly #chunks: Uint8Array[] = [];
  #room: number;
  /** From now on the peer is gone. */
  isBroken = false;

  constructor(room: number = Number.MAX_SAFE_INTEGER) {
    this.#room = room;
  }

  /** Everything that was written. */
  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  /** The peer takes more. */
  release(room: number): void {
    this.#room += room;
    this.#wakeup.wake();
  }

  head(status: number, headers: HeaderList): OutputStream {
    this.events.push(["head", status, linesText(headers)].join(" ").trimEnd());
    return {
      isReady: () => this.#room > 0 || this.isBroken,
      wait: () => this.#wakeup.wait(),
      checkWrite: () => {
        if (this.isBroken) throw StreamFailure.closed();
        return this.#room;
      },
      write: (bytes) => this.#write(bytes),
      flush: () => this.events.push("flush"),
      dispose: () => this.events.push("dispose"),
    };
  }

  finish(trailers: HeaderList): void {
    this.events.push(["finish", linesText(trailers)].join(" ").trimEnd());
  }

  abort(reason: string): void {
    this.events.push(`abort ${reason}`);
  }

  #write(bytes: Uint8Array): void {
    if (this.isBroken) throw StreamFailure.closed();
    if (bytes.length > this.#room) throw new RangeError("more was written than permitted");
    this.#room -= bytes.length;
    this.#chunks.push(bytes);
    this.events.push(`write ${bytes.length}`);
  }
}

function linesText(lines: HeaderList): string {
  return lines.map(([name, value]) => `${name}=${latin1(value)}`).join(" ");
}

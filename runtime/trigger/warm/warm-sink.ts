import type { HeaderList, ResponseSink } from "../../wasi/http/exchange.ts";
import { nullOutputStream } from "../../wasi/io/memory-streams.ts";
import type { OutputStream } from "../../wasi/io/streams.ts";

/** Takes an answer that nobody reads. */
export class WarmSink implements ResponseSink {
  #status: number | undefined;
  #isFinished = false;

  head(status: number): OutputStream {
    this.#status = status;
    return nullOutputStream;
  }

  finish(_trailers: HeaderList): void {
    this.#isFinished = true;
  }

  abort(): void {
    this.#isFinished = false;
  }

  /** Throws unless the answer was whole and none of a failure. */
  check(): void {
    if (this.#status === undefined) throw new Error("it did not answer");
    if (!this.#isFinished) throw new Error("it did not finish its answer");
    if (this.#status >= 500) throw new Error(`it answered ${this.#status}`);
  }
}

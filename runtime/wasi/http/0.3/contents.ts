import { err, ok } from "../../../instance/host-interface.ts";
import type {
  FutureReader,
  Result,
  StreamReader,
  StreamSource,
} from "../../../instance/host-interface.ts";
import { errorText } from "../../../error.ts";
import { inputStreamSource, writeStream } from "../../io/stream-transfer.ts";
import { StreamFailure } from "../../io/streams.ts";
import type { OutputStream } from "../../io/streams.ts";
import type { BodySource } from "../body-source.ts";
import { plainError } from "../error-code.ts";
import type { ErrorCode } from "../error-code.ts";
import { errorCodeOf } from "../error-mapping.ts";
import type { HeaderList } from "../exchange.ts";
import { Fields } from "../fields.ts";

/** What `trailers` futures carry. */
export type TrailersResult = Result<Fields | undefined, ErrorCode>;

/** What the futures about a message's fate carry. */
export type Transmission = Result<undefined, ErrorCode>;

/** What a guest gets of a message's body: content and trailers. */
export type ConsumedContents = [
  StreamSource<Uint8Array> | StreamReader<Uint8Array>,
  Promise<TrailersResult> | FutureReader<TrailersResult>,
];

/** Where a body is written to, and who is told how that went. */
export interface ContentsTarget {
  readonly output: OutputStream;
  finish(trailers: HeaderList): void;
}

/** Body and trailers of a message, used once: handed to a guest, or written somewhere. */
export interface Contents {
  /** To a guest; `fate` is its word on how it went. */
  consume(fate: FutureReader<Transmission>): ConsumedContents;
  /** Rejects with HttpFailure or StreamFailure when it cannot be written as a whole. */
  write(target: ContentsTarget): Promise<void>;
  /** Nobody will use it. */
  drop(): void;
}

/** Contents that came over a connection. */
export class ReceivedContents implements Contents {
  readonly #source: BodySource;
  #isUsed = false;

  constructor(source: BodySource) {
    this.#source = source;
  }

  consume(fate: FutureReader<Transmission>): ConsumedContents {
    this.#isUsed = true;
    // The peer has sent it all by itself and asks for no verdict.
    fate.drop();
    const { promise, resolve } = Promise.withResolvers<TrailersResult>();
    const stream = inputStreamSource(this.#source.open(), (failure) => {
      if (failure === undefined) resolve(this.#trailers());
      else resolve(err(errorCodeOf(failure)));
    });
    return [stream, promise];
  }

  async write({ output, finish }: ContentsTarget): Promise<void> {
    this.#isUsed = true;
    await copy(this.#source, output);
    const trailers = await this.#source.finish();
    finish(trailers.tag === "ok" ? trailers.val : []);
  }

  drop(): void {
    if (!this.#isUsed) this.#source.cancel();
  }

  async #trailers(): Promise<TrailersResult> {
    const lines = await this.#source.finish();
    if (lines.tag === "err") return lines;
    return ok(lines.val.length === 0 ? undefined : Fields.received(lines.val));
  }
}

/** Contents that a guest makes. */
export class MadeContents implements Contents {
  readonly #stream: StreamReader<Uint8Array> | undefined;
  readonly #trailers: FutureReader<TrailersResult>;
  readonly #fate = Promise.withResolvers<Transmission>();

  constructor(
    stream: StreamReader<Uint8Array> | undefined,
    trailers: FutureReader<TrailersResult>,
  ) {
    this.#stream = stream;
    this.#trailers = trailers;
  }

  /** How the transmission went: what the guest that made the message may wait for. */
  get fate(): Promise<Transmission> {
    return this.#fate.promise;
  }

  /** Whether there is content, possibly of no bytes. */
  get hasStream(): boolean {
    return this.#stream !== undefined;
  }

  consume(fate: FutureReader<Transmission>): ConsumedContents {
    fate.read().then(
      (result) => this.#fate.resolve(result),
      () => this.#fate.resolve(ok(undefined)),
    );
    return [this.#stream ?? noContent, this.#trailers];
  }

  async write({ output, finish }: ContentsTarget): Promise<void> {
    try {
      if (this.#stream !== undefined) await writeStream(this.#stream, output);
      const trailers = await this.#trailers.read();
      if (trailers.tag === "err") throw new MadeContentsError(trailers.val);
      finish(trailers.val?.entries() ?? []);
      this.#fate.resolve(ok(undefined));
    } catch (error) {
      this.settle(error);
      throw error;
    }
  }

  /** The transmission is over without {@link write}, or failed; the first word counts. */
  settle(error: unknown): void {
    this.#fate.resolve(error === undefined ? ok(undefined) : err(transmissionError(error)));
  }

  drop(): void {
    this.#stream?.drop();
    this.#trailers.drop();
    this.settle(new MadeContentsError(plainError("connection-terminated")));
  }
}

/** The guest said in its trailers that the message cannot be completed. */
export class MadeContentsError extends Error {
  readonly errorCode: ErrorCode;

  constructor(errorCode: ErrorCode) {
    super(`the guest ended the body with ${errorCode.tag}`);
    this.errorCode = errorCode;
  }
}

const noContent: StreamSource<Uint8Array> = { pull: () => undefined };

function transmissionError(error: unknown): ErrorCode {
  if (error instanceof MadeContentsError) return error.errorCode;
  if (!(error instanceof StreamFailure)) return { tag: "internal-error", val: errorText(error) };
  if (error.error.tag === "closed") return plainError("connection-terminated");
  return errorCodeOf(error.error.val.cause);
}

async function copy(source: BodySource, output: OutputStream): Promise<void> {
  const input = source.open();
  try {
    for (;;) {
      const room = output.checkWrite();
      if (room === 0) {
        await output.wait();
        continue;
      }
      const chunk = input.read(room);
      if (chunk.length === 0) await input.wait();
      else output.write(chunk);
    }
  } catch (error) {
    const isEnd = error instanceof StreamFailure && error.error.tag === "closed";
    // The output's own end is the peer's: it shows at its next write.
    if (!isEnd) throw error;
    output.checkWrite();
  } finally {
    input.dispose();
  }
}

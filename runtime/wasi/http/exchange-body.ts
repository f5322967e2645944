import { finished } from "node:stream/promises";
import { err, ok } from "../../instance/host-interface.ts";
import type { Result } from "../../instance/host-interface.ts";
import { emptyInputStream } from "../io/memory-streams.ts";
import { readableInputStream } from "../io/node-streams.ts";
import type { InputStream } from "../io/streams.ts";
import type { BodySource } from "./body-source.ts";
import type { ErrorCode } from "./error-code.ts";
import { errorCodeOf } from "./error-mapping.ts";
import type { HeaderList, IncomingExchange } from "./exchange.ts";

/** The body of a request that a trigger received; the Node stream stays the trigger's. */
export class ExchangeBody implements BodySource {
  readonly #exchange: IncomingExchange;

  constructor(exchange: IncomingExchange) {
    this.#exchange = exchange;
  }

  open(): InputStream {
    const { body } = this.#exchange;
    return body === undefined ? emptyInputStream : readableInputStream(body);
  }

  async finish(): Promise<Result<HeaderList, ErrorCode>> {
    const { body } = this.#exchange;
    if (body === undefined) return ok([]);
    try {
      if (!body.readableEnded) {
        // A listener starts the flow also where nobody has read, resume() also where somebody has.
        body.on("data", dropChunk).resume();
        await finished(body, { writable: false, cleanup: true });
      }
      return ok(this.#exchange.trailers());
    } catch (error) {
      return err(errorCodeOf(error));
    } finally {
      body.off("data", dropChunk);
    }
  }

  /** What the guest leaves unread is dropped by the server when the response ends. */
  cancel(): void {}
}

function dropChunk(): void {}

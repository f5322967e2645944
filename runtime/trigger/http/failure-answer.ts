import { WhorlError } from "../../error.ts";
import type { Log } from "./dispatcher.ts";
import { emptyResponse } from "./plain-response.ts";
import type { PlainResponse } from "./plain-response.ts";

const failed = emptyResponse(500);
/** The reason is over as soon as one of the others is answered. */
const busy: PlainResponse = {
  ...emptyResponse(503),
  headers: ["content-length", "0", "retry-after", "1"],
};
const late = emptyResponse(504);

/** What a client is told of a failure: whose fault it is and whether to come again, nothing else. */
export function failureAnswer(error: unknown): PlainResponse {
  switch (error instanceof WhorlError ? error.limit : undefined) {
    case "instances":
      return busy;
    case "time":
      return late;
    default:
      return failed;
  }
}

/** Whether a request was refused because too many others are being answered. */
export function isOverload(error: unknown): boolean {
  return error instanceof WhorlError && error.limit === "instances";
}

/** So often an overload is told of. */
const overloadLineMs = 10_000;

/** Says that requests are refused: once, and then now and then how many. */
export class OverloadLog {
  readonly #log: Pick<Log, "error">;
  #silentUntilMs = 0;
  #refused = 0;

  constructor(log: Pick<Log, "error">) {
    this.#log = log;
  }

  note(reason: string, nowMs: number = performance.now()): void {
    this.#refused++;
    if (nowMs < this.#silentUntilMs) return;
    const count = this.#refused === 1 ? "a request" : `${this.#refused} requests`;
    this.#log.error(`${reason} (${count} refused with 503)`);
    this.#refused = 0;
    this.#silentUntilMs = nowMs + overloadLineMs;
  }
}

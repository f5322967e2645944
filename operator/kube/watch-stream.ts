import { OperatorError } from "../error.ts";
import { limits } from "../limits.ts";
import type { Clock, Timer } from "./clock.ts";
import { KubeError, unreachable } from "./kube-error.ts";
import { LineDecoder } from "./line-decoder.ts";
import type { KubeObject } from "./object.ts";
import type { TransportResponse } from "./transport.ts";
import { type WatchEvent, parseWatchEvent } from "./watch-event.ts";

export interface WatchStreamOptions {
  readonly response: TransportResponse;
  /** For messages. */
  readonly request: string;
  readonly clock: Clock;
  /**
   * Nothing at all, not even a bookmark, for this long: the connection counts as dead. Asked anew
   * after each piece.
   */
  readonly silenceMsMax: () => number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Events of an open watch. Returns when the server ends it; throws KubeError (`Expired`,
 * `Unreachable` for a connection that was cut, `Timeout` for one that fell silent) or the signal's
 * reason. The body is destroyed in every case, also where the reader leaves early.
 */
export async function* watchStream<T extends KubeObject>(
  options: WatchStreamOptions,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const { response, request, signal } = options;
  const { body } = response;
  const decoder = new LineDecoder(limits.watchEventBytesMax);
  const silence = new SilenceTimer(options);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      silence.restart();
      for (const line of decoder.push(chunk)) yield parseWatchEvent<T>(line, request);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof OperatorError) throw error;
    throw unreachable(request, error);
  } finally {
    silence.stop();
    body.destroy();
  }
  signal?.throwIfAborted();
  if (decoder.pendingBytes > 0) throw unreachable(request, new Error("cut inside an event"));
}

class SilenceTimer {
  readonly #options: WatchStreamOptions;
  #timer: Timer | undefined;

  constructor(options: WatchStreamOptions) {
    this.#options = options;
    this.restart();
  }

  restart(): void {
    this.stop();
    const { clock, silenceMsMax, response, request } = this.#options;
    const ms = silenceMsMax();
    this.#timer = clock.setTimer(ms, () => {
      const message = `${request}: the watch was silent for ${ms / 1000} s`;
      response.body.destroy(new KubeError({ reason: "Timeout", status: 0, message }));
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}

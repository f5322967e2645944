import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";

/** A failure that may be gone the next time. */
export class TransientFailure extends Error {
  override readonly name = "TransientFailure";
  /** What to tell if it does not go away. */
  readonly failure: WhorlError;
  /** What the other side asked to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(failure: WhorlError, retryAfterMs?: number) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** How to wait between attempts. */
export interface RetryPace {
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** From 0 to 1. */
  random(): number;
}

/**
 * Repeats an operation that throws TransientFailure, after pauses that double.
 * @throws the WhorlError inside the last failure, or what else the operation throws.
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  pace: RetryPace,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await operation(attempt);
    } catch (error) {
      await pauseOrThrow(error, attempt, { pace, signal });
    }
  }
}

/** Waits until the next attempt, or throws if there is no point in one. */
export async function pauseOrThrow(
  error: unknown,
  attempt: number,
  { pace, signal }: { readonly pace: RetryPace; readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (!(error instanceof TransientFailure)) throw error;
  const { failure, retryAfterMs } = error;
  if (attempt + 1 >= limits.registryTriesMax) throw afterTries(failure, attempt + 1);
  if (retryAfterMs !== undefined && retryAfterMs > limits.registryRetryAfterMsMax) {
    const seconds = Math.ceil(retryAfterMs / 1000);
    throw new WhorlError(failure.code, `${failure.message}; it asks to wait ${seconds} s`, {
      cause: failure,
    });
  }
  const longest = Math.min(limits.registryPauseMsMax, limits.registryPauseMsMin * 2 ** attempt);
  // Half of it by chance, so that many clients do not come back together.
  const pause = longest / 2 + (longest / 2) * pace.random();
  await pace.sleep(Math.max(retryAfterMs ?? 0, pause), signal);
}

function afterTries(failure: WhorlError, tries: number): WhorlError {
  return new WhorlError(failure.code, `${failure.message} (tried ${tries} times)`, {
    cause: failure,
  });
}

/**
 * Milliseconds of a Retry-After header: seconds or a date (RFC 9110, 10.2.3).
 * @param now milliseconds since 1970.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

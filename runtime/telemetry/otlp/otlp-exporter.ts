import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../../limits.ts";
import type { BatchOutcome } from "./batch-queue.ts";
import { safeText, type OtlpTarget } from "./otlp-options.ts";
import { exportRequests, type Signal } from "./otlp-schema.ts";
import { rejectedItems } from "./partial-success.ts";
import type { PostOutcome } from "./post-bodies.ts";
import type { PostLine, PostingThread } from "./posting-thread.ts";

export interface ExporterOptions {
  readonly signal: Signal;
  readonly target: OtlpTarget;
  readonly version: string;
  readonly thread: PostingThread;
  /** A collector that fails, and one that answers again: told once each time. */
  onWarning(message: string): void;
}

type Answer =
  | { readonly kind: "taken"; readonly rejected: number }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "later"; readonly why: string; readonly afterMs: number | undefined };

/** Answers after which the specification says to try again. */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Sends one signal to a collector over HTTP. A batch is tried a few times, then given up: nothing
 * that a collector does or does not do throws.
 */
export class OtlpExporter {
  readonly #options: ExporterOptions;
  readonly #line: PostLine;
  #isFailing = false;

  /** Throws where a file of the certificates cannot be read. */
  constructor(options: ExporterOptions) {
    this.#options = options;
    const { target, version, thread } = options;
    const { url, timeoutMs, compression, encoding, tls } = target;
    const read = (path: string | undefined): Buffer | undefined =>
      path === undefined ? undefined : readFileSync(path);
    const [ca, key, cert] = [read(tls.caFile), read(tls.keyFile), read(tls.certFile)];
    const isGzipped = compression === "gzip";
    this.#line = thread.line({
      ...{ url, timeoutMs, isGzipped, answerBytesMax: limits.telemetryAnswerBytesMax },
      tls: { ...(ca && { ca }), ...(key && { key }), ...(cert && { cert }) },
      headers: {
        ...target.headers,
        "content-type": encoding === "json" ? "application/json" : "application/x-protobuf",
        "user-agent": `OTel-OTLP-Exporter-whorl/${version}`,
        ...(isGzipped && { "content-encoding": "gzip" }),
      },
    });
  }

  /** `make` builds the request in OTLP/JSON's form; `items` are in it. */
  async send(
    items: number,
    make: () => Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<BatchOutcome> {
    const startMs = performance.now();
    const encoded = await this.#encode(make());
    const encodeMs = performance.now() - startMs;
    const { answer, cpuMs } = await this.#deliver(encoded, signal);
    // The other thread takes a core as well.
    const busyMs = encodeMs + cpuMs;
    if (answer.kind === "taken") {
      this.#found();
      const lost = Math.min(items, answer.rejected);
      return { taken: items - lost, lost, reason: "rejected", busyMs };
    }
    this.#lost(answer.why, items);
    const reason = answer.kind === "refused" ? "refused" : "unreachable";
    return { taken: 0, lost: items, reason, busyMs };
  }

  async #encode(value: Readonly<Record<string, unknown>>): Promise<Uint8Array> {
    const { target, signal } = this.#options;
    if (target.encoding === "json") return Buffer.from(JSON.stringify(value));
    return await protobufOf(signal, value);
  }

  async #deliver(
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ readonly answer: Answer; readonly cpuMs: number }> {
    let pauseMs: number = limits.telemetryPauseMsMin;
    let cpuMs = 0;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#line.post(body, signal);
      cpuMs += outcome.cpuMs;
      const answer = answerOf(outcome);
      if (answer.kind !== "later" || attempt >= limits.telemetryTriesMax) return { answer, cpuMs };
      const { afterMs } = answer;
      if ((afterMs ?? 0) > limits.telemetryRetryAfterMsMax) return { answer, cpuMs };
      // Spread, so that all processes of a cluster do not come back at once.
      const waitMs = afterMs ?? pauseMs * (0.5 + Math.random());
      pauseMs = Math.min(pauseMs * 2, limits.telemetryPauseMsMax);
      try {
        await delay(waitMs, undefined, { signal, ref: false });
      } catch {
        return { answer, cpuMs };
      }
    }
  }

  #lost(why: string, items: number): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const { signal, target } = this.#options;
    this.#options.onWarning(
      `telemetry: ${signal} cannot be sent to ${withoutCredentials(target.url)} (${why}); ` +
        `${items} items are lost, trying on with new ones. Check the OTEL_EXPORTER_OTLP_* ` +
        "variables and the collector",
    );
  }

  #found(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    const { signal, target } = this.#options;
    this.#options.onWarning(`telemetry: ${signal} reach ${withoutCredentials(target.url)} again`);
  }
}

/** Loaded by who sends protobuf only. */
async function protobufOf(
  signal: Signal,
  value: Readonly<Record<string, unknown>>,
): Promise<Uint8Array> {
  const { encodeProtobuf } = await import("./encode-protobuf.ts");
  return encodeProtobuf(exportRequests[signal], value);
}

function answerOf(outcome: PostOutcome): Answer {
  if (outcome.kind === "error") {
    return { kind: "later", why: safeText(outcome.message), afterMs: undefined };
  }
  const { status, contentType, retryAfter, body } = outcome;
  if (status >= 200 && status < 300) {
    return { kind: "taken", rejected: rejectedItems(Buffer.from(body), contentType) };
  }
  const why = `it answers ${status}`;
  if (!retryable.has(status)) return { kind: "refused", why };
  return { kind: "later", why, afterMs: retryAfterMs(retryAfter) };
}

function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}

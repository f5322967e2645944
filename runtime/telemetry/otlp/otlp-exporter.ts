import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Agent, request } from "undici";
import { limits } from "../../limits.ts";
import type { BatchOutcome } from "./batch-queue.ts";
import { safeText, type OtlpTarget } from "./otlp-options.ts";
import { exportRequests, type Signal } from "./otlp-schema.ts";
import { rejectedItems } from "./partial-success.ts";

const compressed = promisify(gzip);

export interface ExporterOptions {
  readonly signal: Signal;
  readonly target: OtlpTarget;
  readonly version: string;
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
export class OtlpExporter implements AsyncDisposable {
  readonly #options: ExporterOptions;
  readonly #agent: Agent;
  #isFailing = false;

  /** Throws where a file of the certificates cannot be read. */
  constructor(options: ExporterOptions) {
    this.#options = options;
    const { tls, timeoutMs } = options.target;
    const read = (path: string | undefined): Buffer | undefined =>
      path === undefined ? undefined : readFileSync(path);
    const [ca, key, cert] = [read(tls.caFile), read(tls.keyFile), read(tls.certFile)];
    this.#agent = new Agent({
      connect: {
        timeout: timeoutMs,
        ...(ca && { ca }),
        ...(key && { key }),
        ...(cert && { cert }),
      },
      connections: 1,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
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
    // Compression runs beside this thread, but it takes a core as well.
    const busyMs = performance.now() - startMs;
    const answer = await this.#deliver(encoded, signal);
    if (answer.kind === "taken") {
      this.#found();
      const lost = Math.min(items, answer.rejected);
      return { taken: items - lost, lost, reason: "rejected", busyMs };
    }
    this.#lost(answer.why, items);
    const reason = answer.kind === "refused" ? "refused" : "unreachable";
    return { taken: 0, lost: items, reason, busyMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #encode(value: Readonly<Record<string, unknown>>): Promise<Uint8Array> {
    const { target, signal } = this.#options;
    const plain =
      target.encoding === "json"
        ? Buffer.from(JSON.stringify(value))
        : await protobufOf(signal, value);
    return target.compression === "gzip" ? await compressed(plain) : plain;
  }

  async #deliver(body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    let pauseMs: number = limits.telemetryPauseMsMin;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#post(body, signal);
      if (answer.kind !== "later" || attempt >= limits.telemetryTriesMax) return answer;
      if ((answer.afterMs ?? 0) > limits.telemetryRetryAfterMsMax) return answer;
      // Spread, so that all processes of a cluster do not come back at once.
      const waitMs = answer.afterMs ?? pauseMs * (0.5 + Math.random());
      pauseMs = Math.min(pauseMs * 2, limits.telemetryPauseMsMax);
      try {
        await delay(waitMs, undefined, { signal, ref: false });
      } catch {
        return answer;
      }
    }
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const { target, version } = this.#options;
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(target.url, {
        method: "POST",
        dispatcher: this.#agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(target.timeoutMs)]),
        headers: {
          ...target.headers,
          "content-type":
            target.encoding === "json" ? "application/json" : "application/x-protobuf",
          "user-agent": `OTel-OTLP-Exporter-whorl/${version}`,
          ...(target.compression === "gzip" && { "content-encoding": "gzip" }),
        },
        body,
      });
      const bytes = await beginning(answer);
      if (statusCode >= 200 && statusCode < 300) {
        return { kind: "taken", rejected: rejectedItems(bytes, headers["content-type"]) };
      }
      const why = `it answers ${statusCode}`;
      if (!retryable.has(statusCode)) return { kind: "refused", why };
      return { kind: "later", why, afterMs: retryAfterMs(headers["retry-after"]) };
    } catch (error) {
      return { kind: "later", why: safeText(error), afterMs: undefined };
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

async function beginning(body: AsyncIterable<Uint8Array> & { destroy(): void }): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limits.telemetryAnswerBytesMax) break;
  }
  return Buffer.concat(chunks);
}

function retryAfterMs(header: string | string[] | undefined): number | undefined {
  if (typeof header !== "string") return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//");
}

import { errorText } from "../../error.ts";
import { limits } from "../../limits.ts";
import { samplerNames, type SamplerName } from "../trace/sampler.ts";
import type { Signal } from "./otlp-schema.ts";

/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where one signal is sent, and how. */
export interface OtlpTarget {
  readonly url: string;
  readonly encoding: "protobuf" | "json";
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: "none" | "gzip";
  readonly timeoutMs: number;
  /** Paths of PEM files. */
  readonly tls: {
    readonly caFile?: string;
    readonly keyFile?: string;
    readonly certFile?: string;
  };
}

export interface OtlpBatching {
  readonly itemsMax: number;
  readonly batchMax: number;
  readonly delayMs: number;
}

/** What the OTEL_* variables ask for. */
export interface OtlpOptions {
  /** By signal; those that are not exported are missing. */
  readonly targets: Readonly<Partial<Record<Signal, OtlpTarget>>>;
  readonly sampler: SamplerName;
  /** For the samplers that are named after it. */
  readonly ratio: number;
  readonly isPropagating: boolean;
  readonly spans: OtlpBatching;
  readonly logs: OtlpBatching;
  readonly metricIntervalMs: number;
  /** What was asked for and cannot be had, as sentences: the rest holds nevertheless. */
  readonly warnings: readonly string[];
}

/**
 * Reads the variables that the OpenTelemetry specification defines. As with Spin, a signal is
 * exported where an endpoint is given for it or for all. Never throws: telemetry that is set up
 * wrongly must not keep an app from running.
 */
export function otlpOptions(environment: Environment): OtlpOptions {
  const reader = new Reader(environment);
  const targets: Partial<Record<Signal, OtlpTarget>> = {};
  if (reader.text("OTEL_SDK_DISABLED")?.toLowerCase() !== "true") {
    for (const signal of ["traces", "metrics", "logs"] as const) {
      const target = targetOf(reader, signal);
      if (target !== undefined) targets[signal] = target;
    }
  }
  return {
    targets,
    sampler: samplerOf(reader),
    ratio: reader.number("OTEL_TRACES_SAMPLER_ARG", { fallback: 1, min: 0, max: 1 }),
    isPropagating: isPropagating(reader),
    spans: batching(reader, "OTEL_BSP", 5_000),
    logs: batching(reader, "OTEL_BLRP", 1_000),
    metricIntervalMs: reader.number("OTEL_METRIC_EXPORT_INTERVAL", {
      fallback: 60_000,
      min: 100,
      max: 86_400_000,
    }),
    warnings: reader.warnings,
  };
}

class Reader {
  readonly warnings: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** What is wrong for all signals is said once. */
  warn(warning: string): void {
    if (!this.warnings.includes(warning)) this.warnings.push(warning);
  }

  /** Undefined where it is not set or empty, which is the same (specification). */
  text(name: string): string | undefined {
    const text = this.#environment[name]?.trim();
    return text === "" ? undefined : text;
  }

  number(
    name: string,
    {
      fallback,
      min,
      max,
    }: { readonly fallback: number; readonly min: number; readonly max: number },
  ): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const number = Number(text);
    if (Number.isFinite(number) && number >= min) return Math.min(number, max);
    this.warn(`${name}: "${text}" is no number from ${min} on; ${fallback} is used`);
    return fallback;
  }

  /** The signal's own variable, else the one for all signals. */
  ofSignal(signal: Signal, rest: string): string | undefined {
    return (
      this.text(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${rest}`) ??
      this.text(`OTEL_EXPORTER_OTLP_${rest}`)
    );
  }
}

function targetOf(reader: Reader, signal: Signal): OtlpTarget | undefined {
  if (!isOtlpChosen(reader, signal)) return undefined;
  const url = endpointOf(reader, signal);
  if (url === undefined) return undefined;
  const caFile = reader.ofSignal(signal, "CERTIFICATE");
  const keyFile = reader.ofSignal(signal, "CLIENT_KEY");
  const certFile = reader.ofSignal(signal, "CLIENT_CERTIFICATE");
  return {
    url,
    encoding: encodingOf(reader, signal),
    headers: {
      ...headersOf(reader, "OTEL_EXPORTER_OTLP_HEADERS"),
      ...headersOf(reader, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`),
    },
    compression: reader.ofSignal(signal, "COMPRESSION") === "gzip" ? "gzip" : "none",
    timeoutMs: timeoutOf(reader, signal),
    tls: {
      ...(caFile !== undefined && { caFile }),
      ...(keyFile !== undefined && { keyFile }),
      ...(certFile !== undefined && { certFile }),
    },
  };
}

/** Several may be chosen, with commas. */
function isOtlpChosen(reader: Reader, signal: Signal): boolean {
  const name = `OTEL_${signal.toUpperCase()}_EXPORTER`;
  const chosen = (reader.text(name) ?? "otlp").toLowerCase().split(",");
  const known = signal === "metrics" ? ["otlp", "prometheus", "none"] : ["otlp", "none"];
  for (const each of chosen) {
    if (known.includes(each.trim())) continue;
    reader.warn(`${name}: "${each.trim()}" is not supported; use ${known.join(" or ")}`);
  }
  return chosen.some((each) => each.trim() === "otlp");
}

/** A signal's own endpoint is taken as it is, to the one for all its path is added. */
function endpointOf(reader: Reader, signal: Signal): string | undefined {
  const name = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`;
  const own = reader.text(name);
  if (own !== undefined) return checkedUrl(reader, name, own);
  const base = reader.text("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (base === undefined) return undefined;
  const url = checkedUrl(reader, "OTEL_EXPORTER_OTLP_ENDPOINT", base);
  return url && `${url.replace(/\/$/, "")}/v1/${signal}`;
}

function checkedUrl(reader: Reader, name: string, text: string): string | undefined {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.href;
  reader.warn(`${name}: "${text}" is no http:// or https:// address; nothing is exported`);
  return undefined;
}

function encodingOf(reader: Reader, signal: Signal): OtlpTarget["encoding"] {
  const protocol = reader.ofSignal(signal, "PROTOCOL") ?? "http/protobuf";
  if (protocol === "http/json") return "json";
  if (protocol !== "http/protobuf") {
    reader.warn(
      `OTEL_EXPORTER_OTLP_PROTOCOL: "${protocol}" is not supported; http/protobuf is used, for ` +
        "which collectors listen on port 4318",
    );
  }
  return "protobuf";
}

function timeoutOf(reader: Reader, signal: Signal): number {
  const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_TIMEOUT`;
  const name = reader.text(own) === undefined ? "OTEL_EXPORTER_OTLP_TIMEOUT" : own;
  return reader.number(name, { fallback: 10_000, min: 1, max: 600_000 });
}

/** `name=value,name=value`, values percent-encoded (W3C baggage without its metadata). */
function headersOf(reader: Reader, name: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const part of reader.text(name)?.split(",") ?? []) {
    const equals = part.indexOf("=");
    const key = part.slice(0, equals).trim().toLowerCase();
    const value = equals === -1 ? undefined : decoded(part.slice(equals + 1).trim());
    if (
      value !== undefined &&
      /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(key) &&
      /^[\t\x20-\x7e]*$/.test(value)
    ) {
      headers[key] = value;
    } else if (part.trim() !== "") {
      // The value may be a secret.
      reader.warn(`${name}: an entry is no name=value and is left out`);
    }
  }
  return headers;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function samplerOf(reader: Reader): SamplerName {
  const text = reader.text("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
  const known = samplerNames.find((name) => name === text.toLowerCase());
  if (known !== undefined) return known;
  reader.warn(
    `OTEL_TRACES_SAMPLER: "${text}" is not supported; use one of ${samplerNames.join(", ")}`,
  );
  return "parentbased_always_on";
}

function isPropagating(reader: Reader): boolean {
  const wanted = (reader.text("OTEL_PROPAGATORS") ?? "tracecontext").split(",");
  return wanted.some((name) => name.trim() === "tracecontext");
}

function batching(reader: Reader, prefix: string, delayMs: number): OtlpBatching {
  const itemsMax = reader.number(`${prefix}_MAX_QUEUE_SIZE`, {
    fallback: limits.telemetryQueueItemsMax,
    min: 1,
    max: limits.telemetryQueueItemsMax * 32,
  });
  const batchMax = reader.number(`${prefix}_MAX_EXPORT_BATCH_SIZE`, {
    fallback: limits.telemetryBatchItemsMax,
    min: 1,
    max: limits.telemetryBatchItemsMax * 16,
  });
  return {
    itemsMax,
    batchMax: Math.min(batchMax, itemsMax),
    delayMs: reader.number(`${prefix}_SCHEDULE_DELAY`, {
      fallback: delayMs,
      min: 0,
      max: 3_600_000,
    }),
  };
}

/** Text of a failure without what a URL may hold of credentials. */
export function safeText(error: unknown): string {
  return errorText(error).replace(/\/\/[^@/\s]*@/g, "//");
}

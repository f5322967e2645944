import type { AttributeValue } from "../trace/span-record.ts";
import type { OutboundCall, OutboundRequest } from "../telemetry.ts";
import { type TraceContext, withTraceContext } from "../trace/trace-context.ts";
import { knownMethod, type RequestMeters } from "./request-meters.ts";
import type { CallContext, RequestTrace } from "./request-trace.ts";

export interface OutboundSurroundings {
  readonly meters: RequestMeters;
  readonly trace: RequestTrace | undefined;
  /** The context that is sent where no span is recorded. */
  readonly passedOn: TraceContext | undefined;
  readonly isPropagating: boolean;
  /** The guest could do nothing but wait for so long. */
  onWaited(ms: number): void;
}

/** An outgoing HTTP request that is counted, and perhaps a span. */
export class RecordedOutbound implements OutboundCall {
  readonly #request: OutboundRequest;
  readonly #surroundings: OutboundSurroundings;
  readonly #context: CallContext | undefined;
  readonly #startMs = performance.now();
  #isEnded = false;

  constructor(request: OutboundRequest, surroundings: OutboundSurroundings) {
    this.#request = request;
    this.#surroundings = surroundings;
    this.#context = surroundings.trace?.beginCall();
  }

  headers(lines: string[]): string[] {
    const { passedOn, isPropagating, trace } = this.#surroundings;
    const isExported = trace?.isExported === true;
    const context = isExported ? (this.#context ?? trace.guest) : passedOn;
    if (!isPropagating || context === undefined) return lines;
    // A guest that passes on what it got, or has spans of its own, knows better than we do here.
    if (!isExported && hasTraceparent(lines)) return lines;
    return withTraceContext(lines, context);
  }

  end(status: number | undefined, error?: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const endMs = performance.now();
    const { meters, trace, onWaited } = this.#surroundings;
    onWaited(endMs - this.#startMs);
    const host = hostOf(this.#request.origin);
    const outcome = status === undefined ? (error ?? "error") : `${Math.floor(status / 100)}xx`;
    meters.outbound(host.name, outcome).add();
    meters.outboundDuration.observe((endMs - this.#startMs) / 1000);
    if (trace === undefined || this.#context === undefined) return;
    trace.endCall(this.#context, {
      name: "spin_outbound_http.send_request",
      kind: "client",
      startMs: this.#startMs,
      endMs,
      attributes: this.#attributes(host, status, error),
      error,
    });
  }

  #attributes(
    host: { readonly name: string; readonly port: number | undefined },
    status: number | undefined,
    error: string | undefined,
  ): (readonly [string, AttributeValue])[] {
    const { method, origin, path } = this.#request;
    const attributes: (readonly [string, AttributeValue])[] = [
      ["http.request.method", knownMethod(method)],
      ["url.full", `${origin}${path}`],
      ["server.address", host.name],
    ];
    if (host.port !== undefined) attributes.push(["server.port", host.port]);
    if (status !== undefined) attributes.push(["http.response.status_code", status]);
    const type = error ?? (status !== undefined && status >= 400 ? String(status) : undefined);
    if (type !== undefined) attributes.push(["error.type", type]);
    return attributes;
  }
}

function hasTraceparent(lines: readonly string[]): boolean {
  for (let index = 0; index < lines.length; index += 2) {
    if (lines[index]?.length === 11 && lines[index]?.toLowerCase() === "traceparent") return true;
  }
  return false;
}

const originForm = /^(https?):\/\/(.*?)(?::(\d+))?$/;

function hostOf(origin: string): { readonly name: string; readonly port: number | undefined } {
  const [, scheme, name = origin, port] = originForm.exec(origin) ?? [];
  if (port !== undefined) return { name, port: Number(port) };
  return { name, port: scheme === undefined ? undefined : scheme === "https" ? 443 : 80 };
}

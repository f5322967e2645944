import type { HandlerIdentity, InboundRequest, InstanceStart } from "../telemetry.ts";
import { eventSpan, requestSpan } from "./request-attributes.ts";
import type { RequestTrace } from "./request-trace.ts";

/**
 * What is known of a call when it has ended, without anything of the connection that it came by.
 * Times are of `performance.now()`, 0 for what did not happen.
 */
export interface EndedCall {
  readonly identity: HandlerIdentity;
  readonly guestSpanName: string;
  /** Undefined for events. */
  readonly request: RequestFacts | undefined;
  readonly arrivedMs: number;
  readonly wantedMs: number;
  readonly takenMs: number;
  readonly resetMs: number;
  readonly resetEndMs: number;
  readonly endMs: number;
  /** Undefined where no instance was taken. */
  readonly start: InstanceStart | undefined;
  readonly isCold: boolean;
  readonly status: number;
  /** Code of the failure, and its text. */
  readonly error: string | undefined;
  readonly message: string | undefined;
}

/** A request as its span shows it. */
export type RequestFacts = Omit<InboundRequest, "rawHeaders">;

/** Copied: the trigger's own object would keep its connection. */
export function requestFacts({ method, scheme, target, peer }: InboundRequest): RequestFacts {
  const remoteAddress = peer?.remoteAddress;
  const remotePort = peer?.remotePort;
  return { method, scheme, target, peer: { remoteAddress, remotePort } };
}

/** How many spans {@link addHostSpans} will add. */
export function hostSpanCount({ start, resetMs }: EndedCall): number {
  if (start === undefined) return 1;
  return resetMs === 0 ? 4 : spansPerCall;
}

/** Request, guest, queue, instance, reset. */
export const spansPerCall = 5;

/** The spans of the host's own work, that of the whole call last. */
export function addHostSpans(trace: RequestTrace, call: EndedCall): void {
  if (call.start !== undefined) addInstanceSpans(trace, call, call.start);
  const { identity, request, status, error, message } = call;
  const root =
    request === undefined
      ? eventSpan(identity, error)
      : requestSpan(identity, request, {
          status,
          error: error === "response" ? String(status) : error,
        });
  const failure = error === undefined ? undefined : (message ?? "");
  trace.addRoot({ ...root, startMs: call.arrivedMs, endMs: call.endMs, error: failure });
}

function addInstanceSpans(trace: RequestTrace, call: EndedCall, start: InstanceStart): void {
  const { identity, guestSpanName: name, arrivedMs, wantedMs, takenMs, resetMs, endMs } = call;
  const kind = "internal" as const;
  trace.addPart({
    ...{ name: "whorl.queue", kind, attributes: [], startMs: arrivedMs, endMs: wantedMs },
  });
  trace.addPart({
    ...{ name: call.isCold ? "whorl.cold_start" : "whorl.instance.take", kind },
    ...{ attributes: [["whorl.instance.start", start]], startMs: wantedMs, endMs: takenMs },
  });
  trace.addGuest({
    ...{ name, kind, attributes: [["component_id", identity.component]] },
    ...{ startMs: takenMs, endMs: resetMs === 0 ? endMs : resetMs, error: call.message },
  });
  if (resetMs === 0) return;
  const resetEndMs = call.resetEndMs === 0 ? endMs : call.resetEndMs;
  trace.addPart({
    ...{ name: "whorl.instance.reset", kind, attributes: [] },
    ...{ startMs: resetMs, endMs: resetEndMs },
  });
}

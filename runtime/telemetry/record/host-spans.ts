import type { HandlerIdentity, InboundRequest, InstanceStart } from "../telemetry.ts";
import type { Attributes, SpanKind } from "../trace/span-record.ts";
import { eventSpan, requestSpan } from "./request-attributes.ts";

/** A part of a request's time; milliseconds of `performance.now()`. */
export interface SpanPart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly error?: string | undefined;
}

/** Whose span it is: of the whole request, of the guest in it, or of something that the host did. */
export interface HostPart extends SpanPart {
  readonly of: "request" | "guest" | "host";
}

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

/** How many {@link hostParts} there are. */
export function hostPartCount({ start, resetMs }: EndedCall): number {
  if (start === undefined) return 1;
  return resetMs === 0 ? hostPartsMax - 1 : hostPartsMax;
}

/** Request, guest, queue, instance, reset. */
export const hostPartsMax = 5;

/** Where the host's time went, the whole request last. */
export function hostParts(call: EndedCall): HostPart[] {
  const parts = call.start === undefined ? [] : instanceParts(call, call.start);
  const { identity, request, status, error, message, arrivedMs: startMs, endMs } = call;
  const root =
    request === undefined
      ? eventSpan(identity, error)
      : requestSpan(identity, request, {
          status,
          error: error === "response" ? String(status) : error,
        });
  const failure = error === undefined ? undefined : (message ?? "");
  parts.push({ of: "request", ...root, startMs, endMs, error: failure });
  return parts;
}

function instanceParts(call: EndedCall, start: InstanceStart): HostPart[] {
  const { identity, guestSpanName: name, arrivedMs, wantedMs, takenMs, resetMs, endMs } = call;
  const byHost = { of: "host", kind: "internal" } as const;
  const parts: HostPart[] = [
    { ...byHost, name: "whorl.queue", attributes: [], startMs: arrivedMs, endMs: wantedMs },
    {
      ...{ ...byHost, name: call.isCold ? "whorl.cold_start" : "whorl.instance.take" },
      ...{ attributes: [["whorl.instance.start", start]], startMs: wantedMs, endMs: takenMs },
    },
    {
      ...{ of: "guest", kind: "internal", name },
      ...{ attributes: [["component_id", identity.component]], startMs: takenMs },
      ...{ endMs: resetMs === 0 ? endMs : resetMs, error: call.message },
    },
  ];
  if (resetMs === 0) return parts;
  const resetEndMs = call.resetEndMs === 0 ? endMs : call.resetEndMs;
  const reset = { ...byHost, name: "whorl.instance.reset", attributes: [] };
  return [...parts, { ...reset, startMs: resetMs, endMs: resetEndMs }];
}

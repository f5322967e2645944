import type { GuestSpan } from "../guest-telemetry.ts";

export type AttributeValue = string | number | boolean;

/** Name and value, in the order in which they were set. */
export type Attributes = readonly (readonly [string, AttributeValue])[];

/** As OTLP numbers them. */
export const spanKinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

export type SpanKind = keyof typeof spanKinds;

/** A span of the host that has ended. */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  /** `""` for the first span of a trace. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since 1970, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** What went wrong, if something did. */
  readonly error: string | undefined;
}

/** A span that is exported or shown: the host's or a guest's. */
export type ExportedSpan =
  | { readonly from: "host"; readonly span: SpanRecord }
  | { readonly from: "guest"; readonly component: string; readonly span: GuestSpan };

/**
 * What waits to be exported: a guest's span, or those of the host for one request, which are made
 * when their turn comes.
 */
export type SpanSource =
  | Extract<ExportedSpan, { readonly from: "guest" }>
  | { readonly from: "request"; readonly trace: { readonly ended: readonly ExportedSpan[] } };

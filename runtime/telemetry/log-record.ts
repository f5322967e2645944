import type { GuestLog } from "./guest-telemetry.ts";

/** A line that a guest wrote to stdout or stderr. */
export interface LineRecord {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly component: string;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
  /** `""` outside a trace. */
  readonly traceId: string;
  readonly spanId: string;
}

/** A log record that waits to be exported. */
export type ExportedLog =
  | { readonly from: "line"; readonly line: LineRecord }
  | {
      readonly from: "guest";
      readonly component: string;
      readonly timeMs: number;
      readonly record: GuestLog;
    };

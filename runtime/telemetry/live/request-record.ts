import type { InstanceStart, TriggerType } from "../telemetry.ts";

/** One request or event that was handled, for the live view. */
export interface RequestRecord {
  /** When it arrived, milliseconds since 1970. */
  readonly timeMs: number;
  readonly app: string;
  readonly component: string;
  readonly trigger: TriggerType;
  /** `""` for events. */
  readonly method: string;
  /** Path with query; the channel, topic, queue or expression of an event. */
  readonly path: string;
  readonly route: string;
  /** 0 where nothing was answered. */
  readonly status: number;
  readonly durationMs: number;
  readonly queueMs: number;
  readonly takeMs: number;
  /** Undefined where no instance was taken. */
  readonly start: InstanceStart | undefined;
  readonly isCold: boolean;
  /** `""` without. */
  readonly traceId: string;
  /** Code of the failure, and its text. */
  readonly error: string | undefined;
  readonly message: string | undefined;
}

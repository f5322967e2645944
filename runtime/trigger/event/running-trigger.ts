import type { EventTrigger } from "../../app/app.ts";
import type { ExportCandidate, ExportWish } from "../component-exports.ts";
import type { EventHandler } from "./event-handler.ts";

/** What triggers get from the app that they belong to. */
export interface TriggerServices {
  /** What an event calls. Throws `no_handler` when the component does not export it. */
  handler(trigger: EventTrigger, wish: ExportWish<ExportCandidate>): EventHandler;
  readonly log: {
    warn(message: string): void;
    error(message: string): void;
  };
}

/** Triggers of one kind that are listening. */
export interface RunningTrigger {
  /** Takes no more events, lets those that are being handled finish until the signal aborts. */
  close(signal: AbortSignal): Promise<void>;
}

import type { EventTrigger } from "../../app/app.ts";
import type { HandlerTelemetry } from "../../telemetry/telemetry.ts";
import type { LoadedComponent } from "../loaded-component.ts";

/** What triggers get from the app that they belong to. */
export interface TriggerServices {
  /** Throws for the id of a component that was not loaded. */
  component(id: string): LoadedComponent;
  /** What is counted and traced for one trigger. */
  telemetry(trigger: EventTrigger): HandlerTelemetry;
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

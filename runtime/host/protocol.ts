import type { App, EventTrigger } from "../app/app.ts";
import type { RuntimeConfig } from "../app/runtime-config.ts";
import type { WhorlErrorCode } from "../error.ts";
import type { InstanceLimits } from "../limits.ts";
import type { RequestRecord } from "../telemetry/live/request-record.ts";
import type { KeptRequest, NumberedRequest } from "../telemetry/live/request-recorder.ts";
import type { CountChanges } from "../telemetry/metrics/family-counts.ts";
import type { ExportCandidate, ExportWish } from "../trigger/component-exports.ts";
import type { ReuseLimits } from "../trigger/executor/reused-instances.ts";

/** An app as every thread may have it: plain values only. */
export interface HostedApp {
  /** Unique on this host. */
  readonly name: string;
  readonly app: App;
  readonly runtimeConfig: RuntimeConfig;
  /** `http://host:port` by which it is reached from outside. */
  readonly url: string;
  /** Of all versions of all apps: which of two is the newer one. */
  readonly version: number;
}

/** What all apps of a host have in common. */
export interface HostSettings {
  readonly environment: readonly (readonly [string, string])[];
  readonly variables: ReadonlyMap<string, string>;
  /** Of the process, for `SPIN_VARIABLE_*`. */
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
  readonly reuse: ReuseLimits;
  readonly limits: Partial<InstanceLimits>;
  /** Where prepared components are kept; undefined: nowhere. */
  readonly cacheDirectory: string | undefined;
  /** What prepared components depend on beside their bytes. */
  readonly prepareVersion: string;
  /** Undefined: nothing is counted, and nothing exported. */
  readonly telemetry?: HostTelemetrySettings | undefined;
}

export interface HostTelemetrySettings {
  /** Of this program. */
  readonly version: string;
  /** Whether requests are recorded at once, or from when somebody looks. */
  readonly begin: "now" | "asked";
  /** Whether requests are kept with their spans, so that one can be looked into. */
  readonly keepsRequests?: boolean | undefined;
}

/** What a worker begins with. */
export interface WorkerSettings extends HostSettings {
  /** Index of the worker in the shared tables. */
  readonly index: number;
  readonly connections: SharedArrayBuffer;
}

/** From the doorman to a worker. */
export type ToWorker =
  /** From now on requests to it can come; loaded when the first one does, or with `load` now. */
  | { readonly kind: "app"; readonly hosted: HostedApp; readonly load: boolean }
  /** Gives its memory back; it may be asked for again. */
  | { readonly kind: "unload" | "remove"; readonly name: string }
  /** The answer to `wanted` where there is no such app. */
  | { readonly kind: "unknown"; readonly name: string }
  | ConnectionMessage
  | EventMessage
  | AboutTelemetry
  /** Lets requests under way finish, then says `ended`. */
  | { readonly kind: "end" };

/**
 * For who looks: record requests, say what was counted, send requests as they end, send everything
 * that is known of one.
 */
export type AboutTelemetry =
  | { readonly kind: "record" }
  | { readonly kind: "count"; readonly id: number }
  | { readonly kind: "follow"; readonly isOn: boolean }
  | { readonly kind: "look"; readonly id: number; readonly request: number };

export interface ConnectionMessage {
  readonly kind: "connection";
  readonly slot: number;
  /** The worker's own copy. */
  readonly fd: number;
  /** Undefined where each request says by its host which app is meant. */
  readonly app: string | undefined;
  /** What was read of it so far. */
  readonly head: Uint8Array;
}

export interface EventMessage {
  readonly kind: "event";
  readonly id: number;
  readonly app: string;
  readonly trigger: EventTrigger;
  readonly wish: ExportWish<ExportCandidate>;
  readonly values: readonly unknown[];
}

/** From a worker to the doorman. */
export type FromWorker =
  /** `thread` as the kernel numbers it, where it says so. */
  | { readonly kind: "ready"; readonly thread: number | undefined }
  /** `kept`: it was to be unloaded, and is in use. */
  | { readonly kind: "loaded" | "unloaded" | "kept"; readonly name: string }
  | { readonly kind: "failed"; readonly name: string; readonly failure: Failure }
  /** Connections that the worker is done with. */
  | { readonly kind: "closed"; readonly slots: readonly number[] }
  /** A request for an app that the worker has never heard of. */
  | { readonly kind: "wanted"; readonly name: string }
  | { readonly kind: "result"; readonly id: number; readonly value: unknown }
  | { readonly kind: "refused"; readonly id: number; readonly failure: Failure }
  | {
      readonly kind: "line";
      readonly app: string;
      readonly component: string;
      readonly stream: "stdout" | "stderr";
      readonly line: string;
    }
  | { readonly kind: "warning" | "error"; readonly app: string; readonly message: string }
  | TelemetryOfWorker
  | { readonly kind: "ended" };

export type TelemetryOfWorker =
  | ({ readonly kind: "counted"; readonly id: number } & CountChanges)
  | RequestsOfWorker
  | { readonly kind: "looked"; readonly id: number; readonly kept: KeptRequest | undefined }
  /** Something is set up wrongly, as every worker finds out. */
  | { readonly kind: "untold"; readonly message: string };

/** Requests that have ended. */
export interface RequestsOfWorker {
  readonly kind: "requests";
  /** With the worker's own numbers where it keeps them. */
  readonly records: readonly (RequestRecord | NumberedRequest)[];
  /** Everything that is known of those among them that failed, where it is kept. */
  readonly failed: readonly KeptRequest[];
  /** Requests that there were beside those. */
  readonly lost: number;
}

/** A WhorlError on its way between threads, which keep only the message of errors. */
export interface Failure {
  readonly code: WhorlErrorCode;
  readonly message: string;
}

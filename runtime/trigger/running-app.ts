import type { App } from "../app/app.ts";
import type { Mount } from "../wasi/context.ts";
import type { GuestNetwork } from "../wasi/sockets/guest-network.ts";
import type { EventTrigger } from "../app/app.ts";
import type { ExportCandidate, ExportWish } from "./component-exports.ts";
import type { EventHandler } from "./event/event-handler.ts";
import type { ListenAddress, ListeningSocket } from "./http/listen.ts";
import type { SharedListener, Turns } from "./http/server.ts";
import type { Engine } from "./engine.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { ServiceOptions } from "./services/app-services.ts";
import type { ReuseLimits } from "./executor/reused-instances.ts";

/** How an app is to be run; what the embedder decides and wants to hear. */
export interface StartOptions extends ServiceOptions {
  /** An address, whose port 0 takes a free one, a socket that listens already, or somebody else. */
  readonly listen: ListenAddress | ListeningSocket | SharedListener;
  /** Events come through {@link StartedApp.handler}: nothing is subscribed to, nothing is timed. */
  readonly hasEventsFromOutside?: boolean;
  /** Says when requests over HTTP are begun, where other apps have the same thread. */
  readonly turns?: Turns;
  /** Directories that every component sees beside its own files. */
  readonly mounts?: readonly Mount[];
  /** Where guests' sockets are made and names resolved; by the process itself if absent. */
  readonly network?: GuestNetwork | undefined;
  /** PEM files; without them the app is served without TLS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Added to the environment of every component, winning over the manifest's. */
  readonly environment: readonly (readonly [string, string])[];
  /** Id of a cron trigger that is fired once, now; the app then ends, as after a command. */
  readonly cronTrigger?: string;
  /** For a command: its arguments after its own name. */
  readonly arguments?: readonly string[];
  /** Shared by all apps of the process; outlives them. */
  readonly engine: Engine;
  /** For components of wasi:http 0.3; as Spin's defaults where not given. */
  readonly reuse?: ReuseLimits;
  /** `noTelemetry` by default. Outlives the app: who made it closes it. */
  readonly telemetry?: Telemetry;
  /** A line that a guest wrote, without its line break, and the trace of its request. */
  onGuestLine(component: string, stream: "stdout" | "stderr", line: string, traceId?: string): void;
  /** Something went wrong that belongs to no answer, or whose answer says only 500. */
  onError(message: string): void;
}

/** An app that is being served. */
export interface RunningApp {
  /**
   * `http://host:port` or `https://host:port` with the real port, without a path; undefined for an
   * app without HTTP triggers.
   */
  readonly url: string | undefined;
  /** For an app with a command: settles with its exit status, when the app is at its end. */
  readonly exited: Promise<number> | undefined;
  /**
   * Goes on with another version of the app: requests and events that have begun are finished by
   * the old one, no connection is cut. Rejects with WhorlError when the new version cannot be
   * started; the old one goes on then. Commands are not run again.
   */
  reload(app: App): Promise<void>;
  /**
   * Stops accepting, lets requests in flight finish and frees everything. When the signal aborts,
   * the requests that are left are cut off; resolves in both cases.
   */
  close(signal?: AbortSignal): Promise<void>;
}

/** An app that was started here, with what its starter alone may do. */
export interface StartedApp extends RunningApp {
  /** When the last request came over HTTP (performance.now); undefined if none has. */
  readonly lastRequestMs: number | undefined;
  /** What an event of one of its triggers calls. Throws `no_handler`. */
  handler(trigger: EventTrigger, wish: ExportWish<ExportCandidate>): EventHandler;
  /** Nobody asks: gives back the memory of instances that wait for a request. */
  rest(): void;
}

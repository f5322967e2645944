import type { MessagePort } from "node:worker_threads";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { openEngine } from "../trigger/engine.ts";
import type { Engine } from "../trigger/engine.ts";
import { fairTurns } from "../trigger/http/fair-turns.ts";
import type { PlainResponse } from "../trigger/http/plain-response.ts";
import type { SharedListener } from "../trigger/http/server.ts";
import type { Inbound, Outgoing } from "../trigger/http/wire.ts";
import type { StartedApp } from "../trigger/running-app.ts";
import { startApp } from "../trigger/start-app.ts";
import { ConnectionSlots } from "./connection-slots.ts";
import type {
  EventMessage,
  Failure,
  FromWorker,
  HostedApp,
  ToWorker,
  WorkerSettings,
} from "./protocol.ts";
import { FittingTurns } from "./fitting-turns.ts";
import { takeOrdinaryTurns, takeShortTurns } from "./short-turns.ts";
import { ownThread } from "./thread-time.ts";
import { WorkerApps } from "./worker-apps.ts";
import type { LoadedApp } from "./worker-apps.ts";
import { WorkerServer } from "./worker-server.ts";
import { WorkerTelemetry } from "./worker-telemetry.ts";

/** A thread that runs guests: what the doorman hands to it, and nothing else. */
export class GuestWorker {
  readonly #port: MessagePort;
  readonly #settings: WorkerSettings;
  readonly #engine: Engine;
  readonly #apps: WorkerApps;
  readonly #server: WorkerServer;
  readonly #fitting = new FittingTurns({
    utilization: () => performance.eventLoopUtilization(),
    take: (length) => (length === "short" ? takeShortTurns() : takeOrdinaryTurns()),
  });
  readonly #turns = fairTurns(turnMsMax);
  readonly #telemetry: Promise<WorkerTelemetry | undefined>;
  /** Requests for apps that the doorman was asked about. */
  readonly #unknown = new Map<string, (() => void)[]>();

  constructor(port: MessagePort, settings: WorkerSettings) {
    this.#port = port;
    this.#settings = settings;
    this.#engine = openEngine({
      cacheDirectory: settings.cacheDirectory,
      version: settings.prepareVersion,
      limits: settings.limits,
      onWarning: (message) => this.#tell({ kind: "warning", app: "", message }),
    });
    this.#telemetry = WorkerTelemetry.open(settings, (message) => this.#tell(message));
    this.#apps = new WorkerApps({
      start: (hosted, listen) => this.#start(hosted, listen),
      onLoaded: (name) => this.#tell({ kind: "loaded", name }),
      onUnloaded: (name) => this.#tell({ kind: "unloaded", name }),
      onKept: (name) => this.#tell({ kind: "kept", name }),
      onFailed: (name, failure) => this.#tell({ kind: "failed", name, failure }),
    });
    this.#server = new WorkerServer({
      slots: new ConnectionSlots(settings.connections),
      index: settings.index,
      handle: (inbound, app) => this.#handle(inbound, app),
      onClosed: (slots) => this.#tell({ kind: "closed", slots }),
    });
    port.on("message", (message: ToWorker) => this.#take(message));
    this.#tell({ kind: "ready", thread: ownThread() });
  }

  /** Goes on after an error that nobody caught. */
  survive(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#tell({ kind: "error", app: "", message: `unexpected: ${text}` });
  }

  #tell(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  #take(message: ToWorker): void {
    switch (message.kind) {
      case "app":
        this.#apps.know(message.hosted, message.load);
        this.#resume(message.hosted.name);
        return;
      case "unknown":
        this.#resume(message.name);
        return;
      case "unload":
        this.#apps.unload(message.name);
        return;
      case "remove":
        this.#apps.remove(message.name);
        void this.#telemetry.then((telemetry) => telemetry?.forget(message.name));
        return;
      case "record":
      case "count":
      case "follow":
      case "look":
        void this.#telemetry.then((telemetry) => telemetry?.take(message));
        return;
      case "connection":
        this.#server.adopt(message);
        return;
      case "event":
        this.#event(message);
        return;
      case "end":
        void this.#end();
        return;
    }
  }

  #handle<T extends Outgoing>(inbound: Inbound<T>, app: string | undefined): void {
    if (app === undefined) {
      sendText(inbound, 404, "no app: the host name does not name one\n");
    } else if (this.#apps.has(app)) {
      this.#ask(inbound, app);
    } else {
      this.#want(app, () => {
        if (this.#apps.has(app)) this.#ask(inbound, app);
        else sendText(inbound, 404, `there is no app "${app}" here\n`);
      });
    }
  }

  #ask<T extends Outgoing>(inbound: Inbound<T>, name: string): void {
    const ask = ({ dispatcher, done }: LoadedApp): void => {
      // Of a client that went away while it waited nobody would tell when it is over.
      if (inbound.response.destroyed) {
        done();
        return;
      }
      inbound.response.on("close", done);
      this.#fitting.note(performance.now());
      this.#turns.take(name, () => dispatcher.handle(inbound));
    };
    const refuse = (failure: Failure): void =>
      sendText(
        inbound,
        503,
        `the app "${name}" cannot be served (${failure.code}); its log says why\n`,
      );
    if (!this.#apps.ask(name, ask, refuse)) inbound.wire.plain(inbound.response, busy);
  }

  /** Connections on which requests for several apps arrive can name one that was never sent here. */
  #want(name: string, then: () => void): void {
    const waiting = this.#unknown.get(name);
    if (waiting !== undefined) {
      waiting.push(then);
      return;
    }
    this.#unknown.set(name, [then]);
    this.#tell({ kind: "wanted", name });
  }

  #resume(name: string): void {
    const waiting = this.#unknown.get(name) ?? [];
    this.#unknown.delete(name);
    for (const then of waiting) then();
  }

  #event({ id, app, trigger, wish, values }: EventMessage): void {
    const refused = (failure: Failure): void => this.#tell({ kind: "refused", id, failure });
    const call = async ({ running, done }: LoadedApp): Promise<void> => {
      try {
        const value = await running.handler(trigger, wish).handle(values);
        this.#tell({ kind: "result", id, value });
      } catch (error) {
        refused(failureOf(error));
      } finally {
        done();
      }
    };
    const isTaken = this.#apps.ask(app, (loaded) => void call(loaded), refused);
    if (!isTaken) refused({ code: "limit", message: "too many requests and events wait" });
  }

  async #start(hosted: HostedApp, listen: SharedListener): Promise<StartedApp> {
    const { environment, variables, processEnvironment, reuse } = this.#settings;
    const { name, app, runtimeConfig } = hosted;
    const telemetry = await this.#telemetry;
    return await startApp(app, {
      listen,
      ...(telemetry !== undefined && { telemetry: telemetry.ofApp(name) }),
      engine: this.#engine,
      hasEventsFromOutside: true,
      ...{ environment, variables, processEnvironment, reuse, runtimeConfig },
      onGuestLine: (component, stream, line) =>
        this.#tell({ kind: "line", app: name, component, stream, line }),
      onWarning: (message) => this.#tell({ kind: "warning", app: name, message }),
      onError: (message) => this.#tell({ kind: "error", app: name, message }),
    });
  }

  /** The doorman decides how long it waits before it ends the thread. */
  async #end(): Promise<void> {
    await this.#server.close(AbortSignal.timeout(limits.shutdownMsMax));
    await this.#apps.close(AbortSignal.timeout(limits.shutdownMsMax));
    await (await this.#telemetry)?.close();
    await this.#engine.cache?.settled();
    this.#engine[Symbol.dispose]();
    this.#tell({ kind: "ended" });
  }
}

/** Requests begin for so long before the event loop looks at what else has come. */
const turnMsMax = 0.25;

/** More wait already than can be answered soon (RFC 9110, 15.6.4). */
const busy: PlainResponse = {
  status: 503,
  headers: ["content-length", "0", "retry-after", "1"],
  body: new Uint8Array(0),
};

function sendText<T extends Outgoing>(inbound: Inbound<T>, status: number, text: string): void {
  const body = Buffer.from(text);
  const headers = ["content-type", "text/plain", "content-length", String(body.length)];
  inbound.wire.plain(inbound.response, { status, headers, body });
}

function failureOf(error: unknown): Failure {
  const code = error instanceof WhorlError ? error.code : "invalid";
  return { code, message: errorText(error) };
}

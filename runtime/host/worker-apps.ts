import { isDeepStrictEqual } from "node:util";
import type { RuntimeConfig } from "../app/runtime-config.ts";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { SharedListener } from "../trigger/http/server.ts";
import type { StartedApp } from "../trigger/running-app.ts";
import { AppRequests } from "./app-requests.ts";
import { HostedListener } from "./hosted-listener.ts";
import type { SwappedDispatcher } from "./hosted-listener.ts";
import type { Failure, HostedApp } from "./protocol.ts";

export interface WorkerAppsOptions {
  /** Loads an app and serves its requests through the listener. */
  start(hosted: HostedApp, listen: SharedListener): Promise<StartedApp>;
  /** Told of an app that can, or cannot, be asked now. */
  onLoaded(name: string): void;
  onUnloaded(name: string): void;
  /** Told of an app that was to be unloaded, but is needed. */
  onKept(name: string): void;
  onFailed(name: string, failure: Failure): void;
  /** Requests of one app. */
  readonly bounds?: { readonly activeMax: number; readonly waitingMax: number };
  /** An app without requests for so long gives back its instances. */
  readonly quietMs?: number;
  /** After so long an app that could not be loaded is tried again when it is asked. */
  readonly retryMs?: number;
}

/** What an app can be asked for while it is loaded. */
export interface LoadedApp {
  readonly running: StartedApp;
  readonly dispatcher: SwappedDispatcher;
  /** Has to be called once for each time that the app was asked, when what began then is over. */
  readonly done: () => void;
}

type State =
  | { readonly kind: "known" }
  | { readonly kind: "loading" }
  | {
      readonly kind: "loaded";
      readonly loaded: LoadedApp;
      /** What it was started with. */
      readonly runtimeConfig: RuntimeConfig;
    }
  | { readonly kind: "failed"; readonly failure: Failure; readonly retryAtMs: number };

type Loaded = Extract<State, { kind: "loaded" }>;

/** One app on one worker: loaded when it is asked for, and forgotten again. */
class WorkerApp {
  hosted: HostedApp;
  state: State = { kind: "known" };
  readonly requests: AppRequests;
  lastUsedMs = 0;
  /** The current load or unload; the next one waits for it. */
  changing: Promise<void> = Promise.resolve();

  constructor(hosted: HostedApp, bounds: { activeMax: number; waitingMax: number }) {
    this.hosted = hosted;
    this.requests = new AppRequests(bounds);
  }

  /** Of this app and no other: one of the same name may have followed it meanwhile. */
  readonly done = (): void => {
    this.lastUsedMs = performance.now();
    this.requests.leave();
  };
}

const defaultBounds = {
  activeMax: limits.hostRequestsActiveMax,
  waitingMax: limits.hostRequestsWaitingMax,
};

/** The apps of one worker. */
export class WorkerApps {
  readonly #options: WorkerAppsOptions;
  readonly #apps = new Map<string, WorkerApp>();
  /** Apps that have had requests since they gave back their instances. */
  readonly #used = new Set<WorkerApp>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WorkerAppsOptions) {
    this.#options = options;
  }

  has(name: string): boolean {
    return this.#apps.has(name);
  }

  /** Makes an app, or a new version of it, known. */
  know(hosted: HostedApp, load: boolean): void {
    const { bounds = defaultBounds } = this.#options;
    const app = this.#apps.getOrInsertComputed(hosted.name, () => new WorkerApp(hosted, bounds));
    if (app.hosted.version < hosted.version) {
      app.hosted = hosted;
      this.#replace(app);
    }
    if (load) this.#load(app);
  }

  /**
   * Runs `ask` as soon as the app can be asked; `refuse` where it never can. Returns false where too
   * many wait already; throws nothing. What `ask` is given has to be told when it is done.
   */
  ask(name: string, ask: (app: LoadedApp) => void, refuse: (failure: Failure) => void): boolean {
    const app = this.#apps.get(name);
    if (app === undefined) {
      refuse({ code: "manifest", message: `there is no app "${name}"` });
      return true;
    }
    app.lastUsedMs = performance.now();
    this.#use(app);
    if (app.state.kind === "failed") {
      if (app.lastUsedMs < app.state.retryAtMs) {
        refuse(app.state.failure);
        // Who sent the request here expects that the app is being loaded.
        this.#options.onFailed(name, app.state.failure);
        return true;
      }
      app.state = { kind: "known" };
    }
    const isTaken = app.requests.enter(() => {
      if (app.state.kind === "loaded") ask(app.state.loaded);
      else refuseWaiting(app, refuse);
    });
    if (app.state.kind === "known") this.#load(app);
    return isTaken;
  }

  /**
   * Gives back what the app holds; it is loaded again when it is asked. Tells in any case whether
   * the app is unloaded or kept.
   */
  unload(name: string): void {
    const app = this.#apps.get(name);
    if (app === undefined) return;
    this.#change(app, async () => {
      if (app.state.kind !== "loaded") {
        this.#options.onUnloaded(name);
        return;
      }
      // Somebody may ask meanwhile: then it is needed.
      if (app.requests.active > 0 || app.requests.waiting > 0) {
        this.#options.onKept(name);
        return;
      }
      const { running } = app.state.loaded;
      app.requests.close();
      app.state = { kind: "known" };
      await running.close(AbortSignal.timeout(limits.shutdownMsMax));
      this.#options.onUnloaded(name);
      if (app.requests.waiting > 0) this.#load(app);
    });
  }

  /** Requests that have begun are finished. */
  remove(name: string): void {
    const app = this.#apps.get(name);
    if (app === undefined) return;
    this.#apps.delete(name);
    this.#used.delete(app);
    this.#change(app, async () => {
      const { state } = app;
      app.requests.close();
      app.state = {
        kind: "failed",
        retryAtMs: Infinity,
        failure: { code: "manifest", message: `there is no app "${name}" any more` },
      };
      for (const begin of app.requests.takeWaiting()) begin();
      if (state.kind === "loaded") await finish(state.loaded);
    });
  }

  async close(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#timer);
    const closing = [...this.#apps.values()].map(async (app) => {
      await app.changing;
      if (app.state.kind === "loaded") await app.state.loaded.running.close(signal);
    });
    this.#apps.clear();
    await Promise.allSettled(closing);
  }

  #load(app: WorkerApp): void {
    if (app.state.kind !== "known") return;
    app.state = { kind: "loading" };
    this.#change(app, async () => {
      const { hosted } = app;
      try {
        app.state = await this.#start(app);
        this.#options.onLoaded(hosted.name);
        app.requests.open();
      } catch (error) {
        const failure = failureOf(error);
        const { retryMs = limits.hostRetryMs } = this.#options;
        app.state = { kind: "failed", failure, retryAtMs: performance.now() + retryMs };
        this.#options.onFailed(hosted.name, failure);
        for (const begin of app.requests.takeWaiting()) begin();
      }
    });
  }

  async #start({ hosted, done }: WorkerApp): Promise<Loaded> {
    const listener = new HostedListener(hosted);
    const running = await this.#options.start(hosted, listener);
    const loaded = { running, dispatcher: listener.dispatcher, done };
    return { kind: "loaded", loaded, runtimeConfig: hosted.runtimeConfig };
  }

  /** The new version takes over as `whorl watch` has it: what has begun is finished by the old one. */
  #replace(app: WorkerApp): void {
    this.#change(app, async () => {
      const { state, hosted } = app;
      if (state.kind === "failed") app.state = { kind: "known" };
      if (state.kind !== "loaded") return;
      try {
        if (isDeepStrictEqual(state.runtimeConfig, hosted.runtimeConfig)) {
          await state.loaded.running.reload(hosted.app);
        } else {
          // Stores, connections and bounds come of it: none of them can be kept.
          app.state = await this.#start(app);
          await finish(state.loaded);
        }
      } catch (error) {
        this.#options.onFailed(hosted.name, failureOf(error));
      }
    });
  }

  #change(app: WorkerApp, change: () => Promise<void>): void {
    app.changing = app.changing.then(change).catch((error: unknown) => {
      this.#options.onFailed(app.hosted.name, failureOf(error));
    });
  }

  #use(app: WorkerApp): void {
    this.#used.add(app);
    const { quietMs = limits.hostQuietMs } = this.#options;
    // One timer for all apps, and none while there is nothing to give back.
    this.#timer ??= setTimeout(() => this.#letRest(quietMs), quietMs).unref();
  }

  #letRest(quietMs: number): void {
    const now = performance.now();
    let next = Infinity;
    for (const app of this.#used) {
      const dueMs = app.lastUsedMs + quietMs;
      if (dueMs > now || app.requests.active > 0) {
        next = Math.min(next, Math.max(dueMs, now + quietMs / 2));
        continue;
      }
      this.#used.delete(app);
      if (app.state.kind === "loaded") app.state.loaded.running.rest();
    }
    this.#timer =
      next === Infinity ? undefined : setTimeout(() => this.#letRest(quietMs), next - now).unref();
  }
}

/** Ends it when what has begun there is over. */
async function finish({ dispatcher, running }: LoadedApp): Promise<void> {
  await dispatcher.idle();
  await running.close(AbortSignal.timeout(limits.shutdownMsMax));
}

/** For requests whose turn came when the app could not be asked after all. */
function refuseWaiting({ state, hosted }: WorkerApp, refuse: (failure: Failure) => void): void {
  if (state.kind === "failed") refuse(state.failure);
  else refuse({ code: "limit", message: `the app "${hosted.name}" is being changed` });
}

function failureOf(error: unknown): Failure {
  const code = error instanceof WhorlError ? error.code : "invalid";
  return { code, message: errorText(error) };
}

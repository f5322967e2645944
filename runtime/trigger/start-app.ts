import { readFile } from "node:fs/promises";
import type { App, CommandTrigger, CronTrigger } from "../app/app.ts";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { HttpExecutor } from "./executor/http-executor.ts";
import { noTelemetry } from "../telemetry/no-telemetry.ts";
import type { HandlerTelemetry } from "../telemetry/telemetry.ts";
import { openOutside, type Outside } from "./services/outside.ts";
import { AppServices } from "./services/app-services.ts";
import { ChainingDispatcher, type ChainTargets } from "./chaining/chaining-dispatcher.ts";
import { runCommandTrigger } from "./event/command-trigger.ts";
import { appTriggerServices } from "./event/app-triggers.ts";
import type { AppTriggerServices } from "./event/app-triggers.ts";
import type { RunningTrigger } from "./event/running-trigger.ts";
import { startEventTriggers } from "./event/start-event-triggers.ts";
import { httpExecutors } from "./executor/http-executors.ts";
import { spinReuse } from "./executor/reused-instances.ts";
import type { DispatcherOptions } from "./http/dispatcher.ts";
import { serveHttp } from "./http/server.ts";
import type { HttpServer } from "./http/server.ts";
import { loadComponents } from "./load-components.ts";
import type { StartedApp, StartOptions } from "./running-app.ts";
import { warmComponents } from "./warm/warm-components.ts";

/**
 * Loads every component that a trigger names, then starts the triggers, all of them side by side.
 * Throws WhorlError before anything can be called when a component or a trigger cannot be served;
 * nothing is left running then.
 */
export async function startApp(whole: App, options: StartOptions): Promise<StartedApp> {
  const once = cronTrigger(whole, options.cronTrigger);
  const app = once === undefined ? whole : { ...whole, httpTriggers: [], eventTriggers: [once] };
  await using stack = new AsyncDisposableStack();
  const outside = await openOutside(options);
  stack.use(outside.http);
  const running = new RunningTriggers(options, outside);
  await running.start(app);
  stack.defer(() => running.close(AbortSignal.abort()));
  const { services } = running.version;
  const exited =
    once === undefined
      ? runCommand(app, options, services)
      : import("./event/cron-trigger.ts").then((cron) => cron.fireCronTrigger(once, services));
  const owned = stack.move();
  return {
    url: running.url,
    get lastRequestMs() {
      return running.lastRequestMs;
    },
    exited,
    reload: (next) => running.start(next),
    handler: (trigger, wish) => running.version.services.handler(trigger, wish),
    rest: () => running.version.rest(),
    async close(signal = AbortSignal.timeout(limits.shutdownMsMax)) {
      await running.close(signal);
      await owned.disposeAsync();
    },
  };
}

/** One version of an app: its components and what calls them. */
interface Version extends AsyncDisposable {
  readonly executors: ReadonlyMap<string, HttpExecutor>;
  readonly services: AppTriggerServices;
  rest(): void;
  readonly events: RunningTrigger;
}

/** The listener, which stays, and the version of the app that is served now. */
class RunningTriggers {
  readonly #options: StartOptions;
  readonly #outside: Outside;
  #server: HttpServer | undefined;
  #version: Version | undefined;

  constructor(options: StartOptions, outside: Outside) {
    this.#options = options;
    this.#outside = outside;
  }

  get url(): string | undefined {
    return this.#server?.address.url;
  }

  get lastRequestMs(): number | undefined {
    return this.#server?.lastRequestMs;
  }

  get version(): Version {
    if (this.#version === undefined) throw new Error("nothing was started");
    return this.#version;
  }

  /** Starts a version, and ends the one before when it has finished what it was doing. */
  async start(app: App): Promise<void> {
    await using stack = new AsyncDisposableStack();
    const services = stack.use(await AppServices.open(app, this.#options, this.#outside));
    const loaded = stack.use(await this.#load(services));
    const server = this.#server;
    if (server === undefined) await this.#listen(services.app, loaded);
    const events = stack.adopt(await this.#startEvents(services.app, loaded, server), closeAtOnce);
    // Last of all: what fails before leaves requests with the version that there was.
    const answered = server?.replace(this.#routing(services.app, loaded));
    const previous = this.#version;
    const owned = stack.move();
    this.#version = { ...loaded, events, [Symbol.asyncDispose]: () => owned.disposeAsync() };
    if (previous === undefined) return;
    const patience = AbortSignal.timeout(limits.shutdownMsMax);
    await Promise.all([answered, previous.events.close(patience)]);
    await previous[Symbol.asyncDispose]();
  }

  /** A trigger that is fired once, or by somebody else, waits for nothing. */
  #scheduled(app: App): App {
    const { cronTrigger, hasEventsFromOutside = false } = this.#options;
    const isWaiting = cronTrigger === undefined && !hasEventsFromOutside;
    return isWaiting ? app : { ...app, eventTriggers: [] };
  }

  async close(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#server?.close({ signal }), this.#version?.events.close(signal)]);
    await this.#version?.[Symbol.asyncDispose]();
  }

  async #load(services: AppServices): Promise<Omit<Version, "events">> {
    const { app } = services;
    await using stack = new AsyncDisposableStack();
    const executors = new Map<string, HttpExecutor>();
    const { environment, reuse = spinReuse, onGuestLine, telemetry = noTelemetry } = this.#options;
    const chained = new Map<string, HandlerTelemetry>();
    const { sockets, http } = this.#outside;
    const inside: ChainTargets = {
      executor: (id) => executors.get(id),
      telemetry: (component) =>
        chained.getOrInsertComputed(component, () =>
          telemetry.handler({ app: app.name, component, trigger: "chained", route: "/..." }),
        ),
    };
    const components = stack.use(
      await loadComponents(app, {
        services,
        engine: this.#options.engine,
        mounts: this.#options.mounts ?? [],
        memoryBytesMax: this.#options.runtimeConfig.instanceMemoryBytesMax,
        onWarning: (message) => this.#options.onWarning(message),
        environment,
        network: this.#options.network,
        dispatcher: (component) => new ChainingDispatcher(http.dispatcher(component), inside),
        connectionPermit: sockets && (() => sockets.acquire()),
        selfOrigin: () => this.url,
        telemetry,
        onGuestLine,
      }),
    );
    await warmComponents(app, components.byId, (message) => this.#options.onWarning(message));
    for (const [key, executor] of httpExecutors(app, components.byId, reuse)) {
      executors.set(key, executor);
      stack.defer(() => executor[Symbol.dispose]?.());
    }
    const owned = stack.move();
    return {
      executors,
      services: appTriggerServices(app, components, this.#options),
      rest: () => {
        for (const component of components.byId.values()) component.rest();
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  }

  #routing(app: App, { executors }: Pick<Version, "executors">): DispatcherOptions {
    const { onWarning: warn, onError: error, telemetry = noTelemetry } = this.#options;
    return { app, triggers: app.httpTriggers, executors, telemetry, log: { warn, error } };
  }

  /** Resolves when requests are accepted. */
  async #listen(app: App, loaded: Pick<Version, "executors">): Promise<void> {
    if (app.httpTriggers.length === 0) return;
    const { listen, tls, turns } = this.#options;
    const routing = this.#routing(app, loaded);
    this.#server =
      "serve" in listen
        ? listen.serve(routing)
        : await serveHttp({ ...routing, listen, turns, tls: tls && (await readTlsFiles(tls)) });
  }

  /** When it fails, a listener that was not there `before` goes again. */
  async #startEvents(
    app: App,
    { services }: Pick<Version, "services">,
    before: HttpServer | undefined,
  ): Promise<RunningTrigger> {
    try {
      return await startEventTriggers(this.#scheduled(app), services);
    } catch (error) {
      if (before === undefined) {
        await this.#server?.close({ signal: AbortSignal.abort() });
        this.#server = undefined;
      }
      throw error;
    }
  }
}

async function closeAtOnce(trigger: RunningTrigger): Promise<void> {
  await trigger.close(AbortSignal.abort());
}

function cronTrigger(app: App, id: string | undefined): CronTrigger | undefined {
  if (id === undefined) return undefined;
  const found = app.eventTriggers.find((each) => each.kind === "cron" && each.id === id);
  if (found?.kind === "cron") return found;
  throw new WhorlError("usage", `the app has no cron trigger "${id}" to fire`);
}

function runCommand(
  app: App,
  options: StartOptions,
  services: AppTriggerServices,
): Promise<number> | undefined {
  const commands = app.eventTriggers.filter(
    (each): each is CommandTrigger => each.kind === "command",
  );
  const [command] = commands;
  if (command === undefined) return undefined;
  if (commands.length > 1) {
    services.log.warn(
      `an app runs one command; of ${commands.length} only "${command.component}" is run`,
    );
  }
  return runCommandTrigger(command, options.arguments ?? [], services);
}

async function readTlsFiles(
  files: NonNullable<StartOptions["tls"]>,
): Promise<{ readonly cert: Buffer; readonly key: Buffer }> {
  const [cert, key] = await Promise.all(
    [files.certFile, files.keyFile].map(async (path) => {
      try {
        return await readFile(path);
      } catch (error) {
        throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
      }
    }),
  );
  return { cert: cert ?? Buffer.alloc(0), key: key ?? Buffer.alloc(0) };
}

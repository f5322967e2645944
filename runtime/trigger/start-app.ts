import { readFile } from "node:fs/promises";
import type { App, CommandTrigger } from "../app/app.ts";
import { errorText, WhorlError } from "../error.ts";
import { Linker } from "../instance/linker.ts";
import { limits } from "../limits.ts";
import { wasiInterfaces } from "../wasi/all-interfaces.ts";
import type { HttpExecutor } from "../wasi/http/exchange.ts";
import { outboundAgent } from "../wasi/http/outbound-agent.ts";
import { ChainingDispatcher } from "./chaining/chaining-dispatcher.ts";
import { runCommandTrigger } from "./event/command-trigger.ts";
import type { RunningTrigger, TriggerServices } from "./event/running-trigger.ts";
import { startEventTriggers } from "./event/start-event-triggers.ts";
import { httpExecutors } from "./executor/http-executors.ts";
import { spinReuse } from "./executor/reused-instances.ts";
import { serveHttp } from "./http/server.ts";
import type { HttpServer } from "./http/server.ts";
import { loadComponents } from "./load-components.ts";
import type { LoadedComponents } from "./load-components.ts";
import type { RunningApp, StartOptions } from "./running-app.ts";

/**
 * Loads every component that a trigger names, then starts the triggers, all of them side by side.
 * Throws WhorlError before anything can be called when a component or a trigger cannot be served;
 * nothing is left running then.
 */
export async function startApp(app: App, options: StartOptions): Promise<RunningApp> {
  await using stack = new AsyncDisposableStack();
  const agent = outboundAgent({ isAddressAllowed: () => true });
  stack.defer(() => agent.destroy());
  const self: { origin?: string } = {};
  const executors = new Map<string, HttpExecutor>();
  const dispatcher = new ChainingDispatcher(agent, (id) => executors.get(id));
  const components = stack.use(
    await loadComponents(app, {
      linker: new Linker(wasiInterfaces),
      environment: options.environment,
      dispatcher: () => dispatcher,
      selfOrigin: () => self.origin,
      onGuestLine: (id, stream, line) => options.onGuestLine(id, stream, line),
    }),
  );
  for (const [key, executor] of httpExecutors(app, components.byId, options.reuse ?? spinReuse)) {
    executors.set(key, executor);
    if (executor[Symbol.dispose] !== undefined) stack.use(executor as Disposable);
  }
  const services = triggerServices(components, options);
  const server = await startHttp(app, executors, options);
  stack.defer(() => server?.close({ signal: AbortSignal.abort() }));
  if (server !== undefined) self.origin = server.address.url;
  const events = stack.adopt(await startEventTriggers(app, services), closeAtOnce);
  const exited = runCommand(app, options, services);
  const owned = stack.move();
  return {
    url: server?.address.url,
    exited,
    async close(signal = AbortSignal.timeout(limits.shutdownMsMax)) {
      await Promise.all([server?.close({ signal }), events.close(signal)]);
      await owned.disposeAsync();
    },
  };
}

function triggerServices(components: LoadedComponents, options: StartOptions): TriggerServices {
  return {
    component(id) {
      const found = components.byId.get(id);
      if (found === undefined) throw new WhorlError("manifest", `there is no component "${id}"`);
      return found;
    },
    log: { warn: options.onWarning, error: options.onError },
  };
}

async function startHttp(
  app: App,
  executors: ReadonlyMap<string, HttpExecutor>,
  options: StartOptions,
): Promise<HttpServer | undefined> {
  if (app.httpTriggers.length === 0) return undefined;
  return await serveHttp({
    app,
    triggers: app.httpTriggers,
    executors,
    listen: options.listen,
    tls: options.tls && (await readTlsFiles(options.tls)),
    log: { warn: options.onWarning, error: options.onError },
  });
}

async function closeAtOnce(trigger: RunningTrigger): Promise<void> {
  await trigger.close(AbortSignal.abort());
}

function runCommand(
  app: App,
  options: StartOptions,
  services: TriggerServices,
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

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { App } from "../../runtime/app/app.ts";
import { loadApp } from "../../runtime/app/load-app.ts";
import { loadRuntimeConfig } from "../../runtime/app/load-runtime-config.ts";
import { readVariableArguments } from "../../runtime/app/variable-arguments.ts";
import { retainComponents } from "../../runtime/app/retain-components.ts";
import { withWarm } from "../../runtime/app/warm-settings.ts";
import type { WarmOverride } from "../../runtime/app/warm-settings.ts";
import type { InstanceLimits } from "../../runtime/limits.ts";
import type { ReuseLimits } from "../../runtime/trigger/executor/reused-instances.ts";
import type { RunningApp, StartOptions } from "../../runtime/trigger/running-app.ts";
import { finish } from "./finish.ts";
import { findFreePort } from "./free-port.ts";
import { exitCodes } from "../io.ts";
import type { CommandIo } from "../io.ts";
import type { ListenAddress } from "./listen-address.ts";
import type { LiveView, LiveViewOptions } from "./live-view.ts";
import { cacheFolder } from "../cache-folder.ts";
import type { RegistryFlags } from "../registry/registry-session.ts";
import type { Machine } from "../command.ts";
import type { Reporter } from "../output.ts";

export interface UpOptions {
  /** A directory, a manifest, a component, or an image: a reference or a layout. */
  readonly from: string;
  readonly registry: RegistryFlags;
  /** Which overrides of the manifest's components are used. */
  readonly profile: string | undefined;
  readonly listen: ListenAddress;
  /** Take the next free port if the wanted one is in use. */
  readonly findFreePort: boolean;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Only these, all where empty. */
  readonly components: readonly string[];
  readonly environment: readonly (readonly [string, string])[];
  /** A runtime-config.toml. */
  readonly runtimeConfigFile: string | undefined;
  /** `name=value`, `name=@file`, `@file`. */
  readonly variables: readonly string[];
  /** Where stores are kept; the runtime config decides where not given. */
  readonly stateDirectory: string | undefined;
  /** Bounds of guests, where others than the defaults are wanted. */
  readonly limits: Partial<InstanceLimits>;
  readonly reuse: ReuseLimits;
  /** What components answer before their first request, beside what the manifest says. */
  readonly warm?: WarmOverride;
  /** What a command gets as arguments. */
  readonly arguments: readonly string[];
  /** What is offered to look at. */
  readonly live?: LiveViewOptions;
}

/** What a start needs; the engine is the starter's own. */
export interface AppStartOptions extends Omit<StartOptions, "engine" | "listen"> {
  readonly listen: ListenAddress;
  readonly limits: Partial<InstanceLimits>;
  /** Where prepared components are kept. */
  readonly cacheDirectory: string | undefined;
}

export type StartApp = (app: App, options: AppStartOptions) => Promise<RunningApp>;

export interface UpDependencies {
  readonly io: CommandIo;
  readonly reporter: Reporter;
  readonly startApp: StartApp;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths start here. */
  readonly directory: string;
  /** Of Whorl; told to who looks. */
  readonly version?: string;
  /** Undefined: nobody can look at what runs here, and nothing is exported. */
  readonly machine?: Machine | undefined;
}

/**
 * Loads an app and serves it until a signal comes or its command is done; a second signal does not
 * wait for requests.
 * @returns the exit code: the command's own, where the app has one.
 * @throws WhorlError if the app cannot be loaded or served.
 */
export async function up(options: UpOptions, dependencies: UpDependencies): Promise<number> {
  const firstSignal = dependencies.io.signals.next();
  const live = await openLive(options, dependencies);
  try {
    return await serve(options, { dependencies, live, firstSignal });
  } finally {
    await live?.[Symbol.asyncDispose]();
  }
}

/** Loaded where somebody may look. */
async function openLive(
  { live = {} }: UpOptions,
  { machine, version = "", environment, reporter }: UpDependencies,
): Promise<LiveView | undefined> {
  if (machine === undefined) return undefined;
  const { openLiveView } = await import("./live-view.ts");
  return openLiveView(live, { machine, version, environment, reporter });
}

interface Serving {
  readonly dependencies: UpDependencies;
  readonly live: LiveView | undefined;
  readonly firstSignal: Promise<"SIGINT" | "SIGTERM">;
}

async function serve(options: UpOptions, serving: Serving): Promise<number> {
  const { dependencies, live, firstSignal } = serving;
  const { io, reporter } = dependencies;
  const running = await Promise.race([start(options, dependencies, live), firstSignal]);
  // Nothing is being served yet: nothing to wait for.
  if (typeof running === "string") return exitCodes.done;
  using _survival = io.surviveErrors((error) => reporter.error(error));
  const end = await Promise.race([firstSignal, running.exited ?? firstSignal]);
  if (typeof end === "string") reporter.stopping(end);
  const exitCode = await finish(running, io.signals.next());
  return typeof end === "string" ? exitCode : end;
}

async function start(
  options: UpOptions,
  { reporter, startApp, environment, directory }: UpDependencies,
  live: LiveView | undefined,
): Promise<RunningApp> {
  const loaded = await loadFrom(options, { environment, directory });
  const app = withWarm(retainComponents(loaded, options.components), options.warm ?? {});
  for (const warning of app.warnings) reporter.warning(warning);
  const listen = options.findFreePort ? await findFreePort(options.listen) : options.listen;
  const cronTrigger = environment["WHORL_CRON_TRIGGER"];
  const running = await startApp(app, {
    listen,
    ...(options.tls && { tls: options.tls }),
    environment: options.environment,
    reuse: options.reuse,
    limits: options.limits,
    cacheDirectory: options.registry.cacheDir ?? cacheFolder(environment),
    runtimeConfig: await loadRuntimeConfig(options.runtimeConfigFile, {
      workingDirectory: directory,
      appDirectory: app.directory,
      ...(options.stateDirectory !== undefined && { stateDirectory: options.stateDirectory }),
    }),
    variables: await readVariableArguments(options.variables, directory),
    processEnvironment: environment,
    arguments: options.arguments,
    ...(cronTrigger !== undefined && cronTrigger !== "" && { cronTrigger }),
    ...(live !== undefined && { telemetry: live.telemetry }),
    onGuestLine: (...line) => reporter.guestLine(...line),
    onWarning: (message) => reporter.warning(message),
    onError: (message) => reporter.appError(message),
  });
  reporter.started(app, running.url);
  live?.serving(app, running.url);
  return running;
}

/** Images and what they need are loaded only where an image is meant. */
async function loadFrom(
  { from, registry, profile }: UpOptions,
  { environment, directory }: Pick<UpDependencies, "environment" | "directory">,
): Promise<App> {
  const load = async (path: string): Promise<App> => {
    // One component alone needs nothing of this.
    if (path.endsWith(".wasm") && profile === undefined) return loadApp(path);
    const { readLoadOptions } = await import("../load-options.ts");
    const flags = { ...registry, ...(profile !== undefined && { profile }) };
    return loadApp(path, await readLoadOptions(flags, environment));
  };
  if (await isAppPath(from, directory)) return load(from);
  const [{ imageToRun, obtainImage }, { openRegistrySession }, { loadImageApp }] =
    await Promise.all([
      import("../registry/registry-source.ts"),
      import("../registry/registry-session.ts"),
      import("../../runtime/app/locked-app-image.ts"),
    ]);
  const target = await imageToRun(from);
  if (target === undefined) return load(from);
  await using session = await openRegistrySession(registry, environment);
  return await loadImageApp(await obtainImage(target, session), load);
}

/** Whether it surely is no image, told without looking further. */
async function isAppPath(from: string, directory: string): Promise<boolean> {
  if (/\.(?:toml|wasm)$/.test(from)) return true;
  const found = await stat(resolve(directory, from, "spin.toml")).catch(() => undefined);
  return found !== undefined;
}

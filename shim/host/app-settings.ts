import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { App } from "../../runtime/app/app.ts";
import { loadRuntimeConfig } from "../../runtime/app/load-runtime-config.ts";
import type { StartOptions } from "../../runtime/trigger/running-app.ts";
import type { HostSpec } from "./protocol.ts";
import { scratchFolder } from "./scratch-folder.ts";

type Environment = readonly (readonly [string, string])[];

const runtimeConfigFile = "/runtime-config.toml";

/**
 * Where variables and stores of an app in a container come from: its environment, and a
 * `/runtime-config.toml` if one is mounted. Rejects with WhorlError if that is wrong.
 */
export async function appSettings(
  app: Pick<App, "variables">,
  spec: Pick<HostSpec, "appPath" | "imagePath" | "environment" | "isRootReadOnly">,
): Promise<AppSettings> {
  return settingsOf(app, {
    file: existsSync(runtimeConfigFile) ? runtimeConfigFile : undefined,
    // An image that is only read is no place for state.
    appDirectory: spec.imagePath === undefined ? dirname(spec.appPath) : "/",
    ...(spec.isRootReadOnly && { stateDirectory: scratchFolder }),
    environment: spec.environment,
  });
}

/** What an app is started with beside its surroundings. */
export type AppSettings = Pick<
  StartOptions,
  "runtimeConfig" | "variables" | "processEnvironment" | "cronTrigger"
>;

/** Names the cron trigger that a Job's pod fires once; the pod ends then. */
const cronTriggerVariable = "WHORL_CRON_TRIGGER";

/** As {@link appSettings}, with a runtime config and a folder for state wherever they are. */
export async function settingsOf(
  app: Pick<App, "variables">,
  from: {
    readonly file: string | undefined;
    readonly workingDirectory?: string;
    readonly appDirectory?: string;
    readonly stateDirectory?: string;
    readonly environment: Environment;
  },
): Promise<AppSettings> {
  const { file, workingDirectory = "/", appDirectory = "/", stateDirectory, environment } = from;
  const runtimeConfig = await loadRuntimeConfig(file, {
    workingDirectory,
    appDirectory,
    ...(stateDirectory !== undefined && { stateDirectory }),
  });
  const processEnvironment = variableEnvironment(app.variables.keys(), environment);
  const cronTrigger = processEnvironment[cronTriggerVariable] ?? "";
  return {
    ...{ runtimeConfig, variables: new Map(), processEnvironment },
    ...(cronTrigger !== "" && { cronTrigger }),
  };
}

/** A variable may also be given by its plain name in capitals, as containers usually are told. */
export function variableEnvironment(
  variables: Iterable<string>,
  environment: Environment,
): Readonly<Record<string, string>> {
  const given = Object.fromEntries(environment);
  const plain = [...variables].flatMap((name): [string, string][] => {
    const value = given[name.toUpperCase()];
    return value === undefined ? [] : [[`SPIN_VARIABLE_${name.toUpperCase()}`, value]];
  });
  return { ...given, ...Object.fromEntries(plain) };
}

/**
 * What guests see of a container's environment: what they would see as a process, without what is
 * said to the runtime (`SPIN_*`, `WHORL_*`, `OTEL_*`, credentials for `AWS_*`) and without the values of the
 * app's variables. Those reach exactly the components whose manifest asks for them, which an
 * environment that all components share would undo.
 */
export function guestEnvironment(
  variables: Iterable<string>,
  environment: Environment,
): Environment {
  const given = new Set([...variables].map((name) => name.toUpperCase()));
  return environment.filter(
    ([name]) => !/^(?:SPIN|OTEL|AWS|WHORL)_/.test(name) && !given.has(name),
  );
}

/** Components named by `SPIN_COMPONENTS_TO_RETAIN`, separated by commas; none names all. */
export function componentsToRetain(environment: Environment): readonly string[] {
  const value = environment.findLast(([name]) => name === "SPIN_COMPONENTS_TO_RETAIN")?.[1] ?? "";
  return value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

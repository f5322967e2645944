import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { findManifest } from "../../runtime/app/build-plan-file.ts";
import { appPath, outputOption } from "../build/build-command.ts";
import { createJsonBuildReporter, createTextBuildReporter } from "../build/build-reporter.ts";
import { runShell } from "../build/shell-command.ts";
import type { CommandDependencies } from "../command.ts";
import { createJsonReporter, createTextReporter, withoutGuestLines } from "../output.ts";
import { spareSlowReaders } from "../spare-slow-readers.ts";
import { parseListenAddress } from "../up/listen-address.ts";
import { reuseLimits } from "../up/reuse-limits.ts";
import type { StartApp, UpOptions } from "../up/up.ts";
import { watch } from "./watch.ts";
import type { WatchDependencies } from "./watch.ts";
import { createJsonWatchReporter, createTextWatchReporter } from "./watch-reporter.ts";

interface WatchFlags {
  readonly profile?: string;
  readonly from?: string;
  readonly listen?: string;
  readonly findFreePort?: true;
  readonly componentId?: readonly string[];
  readonly env?: readonly [string, string][];
  readonly runtimeConfigFile?: string;
  readonly variable?: readonly string[];
  readonly stateDir?: string;
  readonly skipBuild?: true;
  readonly clear?: true;
  readonly debounce: number;
  readonly quiet?: true;
  readonly output: "text" | "json";
}

const examples = `
Examples:
  $ whorl watch                        the app in this directory
  $ whorl watch apps/shop --clear      another app, on an empty screen for each change
  $ whorl watch --skip-build           reload when its .wasm files and assets change`;

/** `whorl watch`: builds and serves an app, again after each change. */
export function watchCommand(dependencies: CommandDependencies, startApp: StartApp): Command {
  const { directory, guestArguments, finish } = dependencies;
  return addOptions(new Command("watch")).action(
    async (path: string | undefined, flags: WatchFlags) => {
      const manifest = await findManifest(resolve(directory, appPath(path, flags.from)));
      const options = {
        manifest,
        skipBuild: flags.skipBuild === true,
        clear: flags.clear === true,
        debounceMs: flags.debounce,
        up: { ...upOptions(manifest, flags, dependencies), arguments: guestArguments },
      };
      finish(await watch(options, watchDependencies(flags, dependencies, startApp)));
    },
  );
}

function addOptions(command: Command): Command {
  return command
    .description("serve an app, and build and reload it when its files change")
    .argument("[path]", "directory or manifest (default: this directory)")
    .option("-f, --from <path>", "the same as the argument")
    .option("--skip-build", "build nothing, only reload")
    .option("-c, --clear", "clear the terminal before each build")
    .option("-d, --debounce <ms>", "how long nothing more must change", parseMilliseconds, 100)
    .option(
      "--listen <address>",
      "address to listen on (default: 127.0.0.1:3000; environment: SPIN_HTTP_LISTEN_ADDR)",
    )
    .option("--find-free-port", "take the next free port if that one is in use")
    .option("--profile <name>", "use the components' settings of this profile")
    .option("--component-id <id...>", "run only these components")
    .option("-e, --env <name=value>", "environment of the components, repeatable", addPair)
    .option("--runtime-config-file <file>", "stores, databases, variable providers")
    .option("--variable <name=value...>", "values of variables, also name=@file")
    .option("--state-dir <directory>", "where stores are kept (default: .spin beside the manifest)")
    .option("-q, --quiet", "do not show what the components print")
    .addOption(outputOption())
    .addHelpText("after", examples);
}

function parseMilliseconds(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write a number of milliseconds.");
}

function addPair(text: string, previous: readonly [string, string][] = []): [string, string][] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Write NAME=VALUE.");
  return [...previous, [text.slice(0, equals), text.slice(equals + 1)]];
}

function upOptions(
  manifest: string,
  flags: WatchFlags,
  { environment }: CommandDependencies,
): Omit<UpOptions, "arguments"> {
  const wanted = flags.listen ?? environment["SPIN_HTTP_LISTEN_ADDR"] ?? "";
  return {
    from: manifest,
    registry: {},
    profile: flags.profile,
    listen: parseListenAddress(wanted === "" ? "127.0.0.1:3000" : wanted),
    findFreePort: flags.findFreePort === true,
    components: flags.componentId ?? [],
    environment: flags.env ?? [],
    runtimeConfigFile: flags.runtimeConfigFile,
    variables: flags.variable ?? [],
    stateDirectory: flags.stateDir,
    limits: {},
    reuse: reuseLimits({}),
  };
}

function watchDependencies(
  { output, quiet }: WatchFlags,
  { io, environment, directory }: CommandDependencies,
  startApp: StartApp,
): WatchDependencies {
  const isJson = output === "json";
  const all = isJson ? createJsonReporter(io) : createTextReporter(io);
  const reporter = spareSlowReaders(all, io);
  return {
    io,
    reporter: quiet === true ? withoutGuestLines(reporter) : reporter,
    startApp,
    environment,
    directory,
    watchReporter: isJson ? createJsonWatchReporter(io) : createTextWatchReporter(io),
    build: {
      runShell,
      reporter: isJson ? createJsonBuildReporter(io) : createTextBuildReporter(io),
      environment,
      jobs: availableParallelism(),
    },
  };
}

import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { parseWarmShares, parseWarmTarget, warmShares } from "../../runtime/app/warm-settings.ts";
import type { WarmShare, WarmTarget } from "../../runtime/app/warm-settings.ts";
import { WhorlError } from "../../runtime/error.ts";
import { prometheusAddress } from "../../runtime/telemetry/metrics/prometheus-address.ts";
import type { CommandDependencies } from "../command.ts";
import { exitCodes } from "../io.ts";
import type { RegistryFlags } from "../registry/registry-session.ts";
import { createJsonReporter, createTextReporter, withoutGuestLines } from "../output.ts";
import { spareSlowReaders } from "../spare-slow-readers.ts";
import { addDirOptions, dirOptions } from "./dir/dir-flags.ts";
import type { DirFlags, DirOptions } from "./dir/dir-flags.ts";
import type { LiveViewOptions } from "./live-view.ts";
import { parseListenAddress } from "./listen-address.ts";
import type { ListenAddress } from "./listen-address.ts";
import {
  parseBytes,
  parseCount,
  parseCountRange,
  parseDuration,
  parseDurationRange,
  reuseLimits,
} from "./reuse-limits.ts";
import type { ReuseFlags } from "./reuse-limits.ts";
import { up } from "./up.ts";
import type { StartApp, UpOptions } from "./up.ts";

interface UpFlags extends ReuseFlags, RegistryFlags, DirFlags {
  readonly from?: string;
  readonly file?: string;
  readonly listen?: string;
  readonly build?: true;
  readonly profile?: string;
  readonly componentId?: readonly string[];
  readonly env?: readonly [string, string][];
  readonly runtimeConfigFile?: string;
  readonly variable?: readonly string[];
  readonly stateDir?: string;
  readonly maxCpuTime?: number;
  readonly requestTimeout?: number;
  readonly maxInstanceMemory?: number;
  readonly maxInstances?: number;
  readonly maxTableElements?: number;
  readonly maxHandles?: number;
  readonly warm?: readonly WarmTarget[];
  readonly warmShares?: readonly WarmShare[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly quiet?: true;
  readonly output: "text" | "json";
  readonly findFreePort?: true;
  readonly console?: string | true;
  readonly metricsListen?: string;
}

const examples = `
Examples:
  $ whorl up                               the app of the spin.toml in this directory
  $ whorl up hello.wasm                    a component, for every path
  $ whorl up -f apps/shop --listen :8080   another app, on all addresses
  $ whorl up --env LOG=debug --quiet       with an environment, without the guests' output
  $ whorl up -f registry.example.com/me/shop:1.0         an image of a registry
  $ whorl up --output json | jq .event     events for a program
  $ whorl up --dir apps                    every app in a folder, as NAME.localhost:3000
  $ whorl up tool.toml -- --size 3         a command, with its arguments`;

/** `whorl up`: serves an app until a signal comes or its command is done. */
export function upCommand(dependencies: CommandDependencies, startApp: StartApp): Command {
  const { io, environment, directory, machine, version, guestArguments, finish } = dependencies;
  return addOptions(new Command("up")).action(
    async (path: string | undefined, flags: UpFlags): Promise<void> => {
      const options = { ...upOptions(path, flags, environment), arguments: guestArguments };
      const dir = dirOptions(flags, options);
      if (dir !== undefined) return finish(await serveFolder(options, dir, flags, dependencies));
      if (flags.build === true && !(await buildFirst(options, flags, dependencies))) return;
      const all = flags.output === "json" ? createJsonReporter(io) : createTextReporter(io);
      const reporter = spareSlowReaders(all, io);
      const shown = flags.quiet === true ? withoutGuestLines(reporter) : reporter;
      const surroundings = { environment, directory, machine, version };
      finish(await up(options, { io, reporter: shown, startApp, ...surroundings }));
    },
  );
}

/** What it needs is loaded where it is asked for. */
async function serveFolder(
  options: UpOptions,
  dir: DirOptions,
  { output, quiet }: Pick<UpFlags, "output" | "quiet">,
  { io, environment, directory, version, machine }: CommandDependencies,
): Promise<number> {
  const [{ upDir }, { createDirJsonReporter, createDirTextReporter }, { spareDirReaders }] =
    await Promise.all([
      import("./dir/up-dir.ts"),
      import("./dir/dir-output.ts"),
      import("./dir/spare-dir-readers.ts"),
    ]);
  const all = output === "json" ? createDirJsonReporter(io) : createDirTextReporter(io);
  const reporter = spareDirReaders(all, io);
  const guestLine = quiet === true ? (): void => undefined : reporter.guestLine;
  const shown = { ...reporter, guestLine };
  const surroundings = { environment, directory, version, machine };
  return upDir(options, dir, { io, reporter: shown, ...surroundings });
}

/** Whether the build came to its end. */
async function buildFirst(
  { from, profile, components }: Pick<UpOptions, "from" | "profile" | "components">,
  { output }: Pick<UpFlags, "output">,
  { io, environment, directory, finish }: CommandDependencies,
): Promise<boolean> {
  const [{ buildApp }, { findManifest }] = await Promise.all([
    import("../build/build-app.ts"),
    import("../../runtime/app/build-plan-file.ts"),
  ]);
  const manifest = await findManifest(resolve(directory, from));
  const isDone = await buildApp({ manifest, profile, components, output, environment }, io);
  if (!isDone) finish(exitCodes.interrupted);
  return isDone;
}

function addOptions(command: Command): Command {
  command
    .description("serve an app: the components and routes of a spin.toml, or one component")
    .argument("[app]", "directory, spin.toml, .wasm file or image (default: this directory)")
    .option("-f, --from <app>", "the same as the argument")
    .addOption(new Option("--file <path>", "the same as --from").hideHelp())
    .option(
      "--listen <address>",
      "address to listen on (default: 127.0.0.1:3000; environment: SPIN_HTTP_LISTEN_ADDR)",
    )
    .option("--find-free-port", "take the next free port if that one is in use")
    .option("--build", "build it first, with the commands of its manifest")
    .option("--profile <name>", "use the components' settings of this profile")
    .option("-c, --component-id <id>", "run only this component, repeatable", addText)
    .option("-e, --env <name=value>", "environment of the components, repeatable", addPair)
    .option(
      "--runtime-config-file <file>",
      "stores, databases, variable providers (environment: RUNTIME_CONFIG_FILE)",
    )
    .option("--variable <name=value>", "value of a variable, also name=@file; repeatable", addText)
    .option("--state-dir <directory>", "where stores are kept (default: .spin beside the manifest)")
    .option("--tls-cert <file>", "certificate chain, PEM (environment: SPIN_TLS_CERT)")
    .option("--tls-key <file>", "private key, PEM (environment: SPIN_TLS_KEY)");
  return addDirOptions(addLimitOptions(command))
    .option("-k, --insecure", "for an image: accept any certificate, and plain HTTP")
    .option("--ca-file <file>", "for an image: authorities to trust beside the known ones, PEM")
    .option("--cache-dir <directory>", "where images and prepared components are kept")
    .option(
      "--console [address]",
      "serve a page that shows what the app does (default: a free port of 127.0.0.1)",
    )
    .option("--metrics-listen <address>", "offer metrics to Prometheus at /metrics")
    .option("-q, --quiet", "do not show what the components print")
    .addOption(
      new Option("--output <form>", "text for people, or one JSON object per line")
        .choices(["text", "json"])
        .default("text"),
    )
    .addHelpText("after", examples);
}

/** What bounds guests, and how instances begin. */
function addLimitOptions(command: Command): Command {
  return command
    .option("--isolated", "a new instance for every request, also of components that allow reuse")
    .option(
      "--max-instance-reuse-count <n>",
      "requests per instance of wasi:http 0.3, one number or a range (default: 128)",
      parseCountRange,
    )
    .option(
      "--max-instance-concurrent-reuse-count <n>",
      "of these at the same time (default: 16)",
      parseCountRange,
    )
    .option(
      "--idle-instance-timeout <time>",
      "such an instance ends after so long without a request (default: 1s)",
      parseDurationRange,
    )
    .option(
      "--max-cpu-time <time>",
      "of a guest before it lets anything else run (default: 10s)",
      parseDuration,
    )
    .option(
      "--request-timeout <time>",
      "of one call, waiting included (default: none)",
      parseDuration,
    )
    .option("--max-instance-memory <bytes>", "of all memories of one instance", parseBytes)
    .option(
      "--max-instances <n>",
      "of one component at once; more requests are refused with 503 (default: 4096)",
      parseCount,
    )
    .option("--max-table-elements <n>", "of each table of an instance", parseCount)
    .option("--max-handles <n>", "that an instance holds at once", parseCount)
    .option(
      "--warm <[component=]path>",
      "let it answer this first and begin every instance behind it, repeatable",
      addWarmTarget,
    )
    .option(
      "--warm-shares <what>",
      "what instances may have in common then: random, time or both with a comma",
      readWarmShares,
    );
}

function addText(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

function addPair(text: string, previous: readonly [string, string][] = []): [string, string][] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Write NAME=VALUE.");
  return [...previous, [text.slice(0, equals), text.slice(equals + 1)]];
}

function addWarmTarget(text: string, previous: readonly WarmTarget[] = []): WarmTarget[] {
  const target = parseWarmTarget(text);
  if (target === undefined) throw new InvalidArgumentError("Write /path or COMPONENT=/path.");
  return [...previous, target];
}

function readWarmShares(text: string): readonly WarmShare[] {
  const shares = parseWarmShares(text);
  if (shares === undefined) throw new InvalidArgumentError(`Write ${warmShares.join(" or ")}.`);
  return shares;
}

function upOptions(
  path: string | undefined,
  flags: UpFlags,
  environment: CommandDependencies["environment"],
): Omit<UpOptions, "arguments"> {
  const console = consoleFlag(flags.console);
  const named = [path, flags.from, flags.file, console.path];
  const paths = named.filter((each) => each !== undefined);
  if (paths.length > 1) {
    throw new WhorlError("usage", `several apps are named (${paths.join(", ")}); name one`);
  }
  const tls = tlsFiles(
    flags.tlsCert ?? nonEmpty(environment["SPIN_TLS_CERT"]),
    flags.tlsKey ?? nonEmpty(environment["SPIN_TLS_KEY"]),
  );
  return {
    from: paths[0] ?? ".",
    registry: registryFlags(flags),
    profile: flags.profile,
    listen: listenAddress(flags.listen, environment),
    findFreePort: flags.findFreePort === true,
    ...(tls && { tls }),
    components: flags.componentId ?? [],
    environment: flags.env ?? [],
    runtimeConfigFile: flags.runtimeConfigFile ?? nonEmpty(environment["RUNTIME_CONFIG_FILE"]),
    variables: flags.variable ?? [],
    stateDirectory: flags.stateDir,
    reuse: reuseLimits(flags),
    live: { ...console.live, ...metricsFlag(flags.metricsListen, environment) },
    warm: { targets: flags.warm ?? [], shares: flags.warmShares ?? [] },
    limits: {
      ...(flags.maxCpuTime !== undefined && { cpuMsMax: flags.maxCpuTime }),
      ...(flags.requestTimeout !== undefined && { callMsMax: flags.requestTimeout }),
      ...(flags.maxInstanceMemory !== undefined && { memoryBytesMax: flags.maxInstanceMemory }),
      ...(flags.maxInstances !== undefined && { instancesMax: flags.maxInstances }),
      ...(flags.maxTableElements !== undefined && { tableElementsMax: flags.maxTableElements }),
      ...(flags.maxHandles !== undefined && { handlesMax: flags.maxHandles }),
    },
  };
}

function registryFlags({ insecure, caFile, cacheDir }: UpFlags): RegistryFlags {
  return {
    ...(insecure !== undefined && { insecure }),
    ...(caFile !== undefined && { caFile }),
    ...(cacheDir !== undefined && { cacheDir }),
  };
}

function listenAddress(
  flag: string | undefined,
  environment: CommandDependencies["environment"],
): ListenAddress {
  const text = flag ?? nonEmpty(environment["SPIN_HTTP_LISTEN_ADDR"]) ?? "127.0.0.1:3000";
  return parseListenAddress(text);
}

interface ConsoleFlag {
  readonly live: Pick<LiveViewOptions, "console">;
  readonly path: string | undefined;
}

/** `--console shop.toml` names the app: what follows it is an address only if it looks like one. */
function consoleFlag(flag: string | true | undefined): ConsoleFlag {
  if (flag === undefined) return { live: {}, path: undefined };
  const isAddress = typeof flag === "string" && /^(?:\[[^\]]*\]:|[^:[\]\s/]*:)?\d{1,5}$/.test(flag);
  const address = parseListenAddress(isAddress ? flag : "127.0.0.1:0");
  return { live: { console: address }, path: isAddress || flag === true ? undefined : flag };
}

function metricsFlag(
  flag: string | undefined,
  environment: CommandDependencies["environment"],
): Pick<LiveViewOptions, "metrics"> {
  const asked = prometheusAddress(environment, "localhost");
  const metrics = flag === undefined ? asked : parseListenAddress(flag);
  return metrics === undefined ? {} : { metrics };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function tlsFiles(certFile: string | undefined, keyFile: string | undefined): UpOptions["tls"] {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  throw new WhorlError("usage", "TLS needs both --tls-cert and --tls-key; add the other one");
}

import { Command, InvalidArgumentError, Option } from "commander";
import { WhorlError } from "../../runtime/error.ts";
import type { CommandDependencies } from "../command.ts";
import type { RegistryFlags } from "../registry/registry-session.ts";
import { createJsonReporter, createTextReporter, withoutGuestLines } from "../output.ts";
import { parseListenAddress } from "./listen-address.ts";
import type { ListenAddress } from "./listen-address.ts";
import {
  parseBytes,
  parseCountRange,
  parseDuration,
  parseDurationRange,
  reuseLimits,
} from "./reuse-limits.ts";
import type { ReuseFlags } from "./reuse-limits.ts";
import { up } from "./up.ts";
import type { StartApp, UpOptions } from "./up.ts";

interface UpFlags extends ReuseFlags, RegistryFlags {
  readonly from?: string;
  readonly file?: string;
  readonly listen?: string;
  readonly componentId?: readonly string[];
  readonly env?: readonly [string, string][];
  readonly runtimeConfigFile?: string;
  readonly variable?: readonly string[];
  readonly stateDir?: string;
  readonly maxCpuTime?: number;
  readonly requestTimeout?: number;
  readonly maxInstanceMemory?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly quiet?: true;
  readonly output: "text" | "json";
  readonly findFreePort?: true;
}

const examples = `
Examples:
  $ whorl up                               the app of the spin.toml in this directory
  $ whorl up hello.wasm                    a component, for every path
  $ whorl up -f apps/shop --listen :8080   another app, on all addresses
  $ whorl up --env LOG=debug --quiet       with an environment, without the guests' output
  $ whorl up -f registry.example.com/me/shop:1.0         an image of a registry
  $ whorl up --output json | jq .event     events for a program
  $ whorl up tool.toml -- --size 3         a command, with its arguments`;

/** `whorl up`: serves an app until a signal comes or its command is done. */
export function upCommand(dependencies: CommandDependencies, startApp: StartApp): Command {
  const { io, environment, directory, guestArguments, finish } = dependencies;
  return addOptions(new Command("up")).action(
    async (path: string | undefined, flags: UpFlags): Promise<void> => {
      const options = { ...upOptions(path, flags, environment), arguments: guestArguments };
      const reporter = flags.output === "json" ? createJsonReporter(io) : createTextReporter(io);
      const shown = flags.quiet === true ? withoutGuestLines(reporter) : reporter;
      finish(await up(options, { io, reporter: shown, startApp, environment, directory }));
    },
  );
}

function addOptions(command: Command): Command {
  return command
    .description("serve an app: the components and routes of a spin.toml, or one component")
    .argument("[app]", "directory, spin.toml, .wasm file or image (default: this directory)")
    .option("-f, --from <app>", "the same as the argument")
    .addOption(new Option("--file <path>", "the same as --from").hideHelp())
    .option(
      "--listen <address>",
      "address to listen on (default: 127.0.0.1:3000; environment: SPIN_HTTP_LISTEN_ADDR)",
    )
    .option("--find-free-port", "take the next free port if that one is in use")
    .option("-c, --component-id <id>", "run only this component, repeatable", addText)
    .option("-e, --env <name=value>", "environment of the components, repeatable", addPair)
    .option(
      "--runtime-config-file <file>",
      "stores, databases, variable providers (environment: RUNTIME_CONFIG_FILE)",
    )
    .option("--variable <name=value>", "value of a variable, also name=@file; repeatable", addText)
    .option("--state-dir <directory>", "where stores are kept (default: .spin beside the manifest)")
    .option("--tls-cert <file>", "certificate chain, PEM (environment: SPIN_TLS_CERT)")
    .option("--tls-key <file>", "private key, PEM (environment: SPIN_TLS_KEY)")
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
    .option("-k, --insecure", "for an image: accept any certificate, and plain HTTP")
    .option("--ca-file <file>", "for an image: authorities to trust beside the known ones, PEM")
    .option("--cache-dir <directory>", "where images and prepared components are kept")
    .option("-q, --quiet", "do not show what the components print")
    .addOption(
      new Option("--output <form>", "text for people, or one JSON object per line")
        .choices(["text", "json"])
        .default("text"),
    )
    .addHelpText("after", examples);
}

function addText(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

function addPair(text: string, previous: readonly [string, string][] = []): [string, string][] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("Write NAME=VALUE.");
  return [...previous, [text.slice(0, equals), text.slice(equals + 1)]];
}

function upOptions(
  path: string | undefined,
  flags: UpFlags,
  environment: CommandDependencies["environment"],
): Omit<UpOptions, "arguments"> {
  const paths = [path, flags.from, flags.file].filter((each) => each !== undefined);
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
    listen: listenAddress(flags.listen, environment),
    findFreePort: flags.findFreePort === true,
    ...(tls && { tls }),
    components: flags.componentId ?? [],
    environment: flags.env ?? [],
    runtimeConfigFile: flags.runtimeConfigFile ?? nonEmpty(environment["RUNTIME_CONFIG_FILE"]),
    variables: flags.variable ?? [],
    stateDirectory: flags.stateDir,
    reuse: reuseLimits(flags),
    limits: {
      ...(flags.maxCpuTime !== undefined && { cpuMsMax: flags.maxCpuTime }),
      ...(flags.requestTimeout !== undefined && { callMsMax: flags.requestTimeout }),
      ...(flags.maxInstanceMemory !== undefined && { memoryBytesMax: flags.maxInstanceMemory }),
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

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

function tlsFiles(certFile: string | undefined, keyFile: string | undefined): UpOptions["tls"] {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  throw new WhorlError("usage", "TLS needs both --tls-cert and --tls-key; add the other one");
}

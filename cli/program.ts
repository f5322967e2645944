import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { WhorlError } from "../runtime/error.ts";
import { exitCodes } from "./io.ts";
import type { CommandIo } from "./io.ts";
import { parseListenAddress } from "./listen-address.ts";
import type { ListenAddress } from "./listen-address.ts";
import { createJsonReporter, createTextReporter, withoutGuestLines } from "./output.ts";
import type { Reporter } from "./output.ts";
import { parseCountRange, parseDurationRange, reuseLimits } from "./reuse-limits.ts";
import type { ReuseFlags } from "./reuse-limits.ts";
import { up } from "./up.ts";
import type { StartApp, UpOptions } from "./up.ts";

export interface ProgramDependencies {
  readonly io: CommandIo;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the current directory. */
  readonly directory: string;
  readonly startApp: StartApp;
}

interface UpFlags extends ReuseFlags {
  readonly from?: string;
  readonly file?: string;
  readonly listen?: string;
  readonly componentId?: readonly string[];
  readonly env?: readonly [string, string][];
  readonly runtimeConfigFile?: string;
  readonly variable?: readonly string[];
  readonly stateDir?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly quiet?: true;
  readonly output: "text" | "json";
  readonly findFreePort?: true;
}

const upExamples = `
Examples:
  $ whorl up                               the app of the spin.toml in this directory
  $ whorl up hello.wasm                    a component, for every path
  $ whorl up -f apps/shop --listen :8080   another app, on all addresses
  $ whorl up --env LOG=debug --quiet       with an environment, without the guests' output
  $ whorl up --output json | jq .event     events for a program
  $ whorl up tool.toml -- --size 3         a command, with its arguments`;

/**
 * Runs a command line (without the program's name) and says how it ended. Everything that goes
 * wrong is reported, nothing is thrown.
 * @returns the exit code.
 */
export async function runProgram(
  argv: readonly string[],
  dependencies: ProgramDependencies,
): Promise<number> {
  const { io } = dependencies;
  const { options: own, guestArguments } = splitArguments(argv);
  const reporter = wantsJson(own) ? createJsonReporter(io) : createTextReporter(io);
  let exitCode: number = exitCodes.done;
  const program = buildProgram(dependencies, async (upOptions, flags) => {
    const options = { ...upOptions, arguments: guestArguments };
    const shown = flags.quiet === true ? withoutGuestLines(reporter) : reporter;
    const { startApp } = dependencies;
    const { environment, directory } = dependencies;
    exitCode = await up(options, { io, reporter: shown, startApp, environment, directory });
  });
  try {
    await program.parseAsync([...own], { from: "user" });
    return exitCode;
  } catch (error) {
    return reportFailure(error, reporter);
  }
}

/** What comes after `--` is for the guest. */
function splitArguments(argv: readonly string[]): {
  readonly options: readonly string[];
  readonly guestArguments: readonly string[];
} {
  const end = argv.indexOf("--");
  if (end === -1) return { options: argv, guestArguments: [] };
  return { options: argv.slice(0, end), guestArguments: argv.slice(end + 1) };
}

type RunUp = (options: Omit<UpOptions, "arguments">, flags: UpFlags) => Promise<void>;

function buildProgram(dependencies: ProgramDependencies, runUp: RunUp): Command {
  const { io, version, environment } = dependencies;
  const program = new Command("whorl")
    .description("Runs WebAssembly components.")
    .version(version, "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => io.stdout.hasColors,
      getErrHasColors: () => io.stderr.hasColors,
      // Reported as every other error.
      outputError: () => undefined,
    })
    .addHelpText("after", "\nExamples:\n  $ whorl up\n  $ whorl up hello.wasm\n  $ whorl help up");
  addUp(program).action(async (path: string | undefined, flags: UpFlags) => {
    await runUp(upOptions(path, flags, environment), flags);
  });
  return program;
}

function addUp(program: Command): Command {
  return program
    .command("up")
    .description("serve an app: the components and routes of a spin.toml, or one component")
    .argument("[path]", "directory, spin.toml or .wasm file (default: this directory)")
    .option("-f, --from <path>", "the same as the argument")
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
    .option("-q, --quiet", "do not show what the components print")
    .addOption(
      new Option("--output <form>", "text for people, or one JSON object per line")
        .choices(["text", "json"])
        .default("text"),
    )
    .addHelpText("after", upExamples);
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
  environment: ProgramDependencies["environment"],
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
    path: paths[0] ?? ".",
    listen: listenAddress(flags.listen, environment),
    findFreePort: flags.findFreePort === true,
    ...(tls && { tls }),
    components: flags.componentId ?? [],
    environment: flags.env ?? [],
    runtimeConfigFile: flags.runtimeConfigFile ?? nonEmpty(environment["RUNTIME_CONFIG_FILE"]),
    variables: flags.variable ?? [],
    stateDirectory: flags.stateDir,
    reuse: reuseLimits(flags),
  };
}

function listenAddress(
  flag: string | undefined,
  environment: ProgramDependencies["environment"],
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

/** Known before the command line is parsed, so that its mistakes are reported in this form too. */
function wantsJson(options: readonly string[]): boolean {
  return options.some(
    (each, index) =>
      each === "--output=json" || (each === "--output" && options[index + 1] === "json"),
  );
}

function reportFailure(error: unknown, reporter: Reporter): number {
  if (error instanceof CommanderError) {
    // Help and version, already printed.
    if (error.exitCode === 0) return exitCodes.done;
    // No command: the help is already printed.
    if (error.code === "commander.help") return exitCodes.usage;
    const message = error.message.replace(/^error: /, "");
    reporter.error(new WhorlError("usage", `${message}\nSee "whorl help up".`));
    return exitCodes.usage;
  }
  reporter.error(error);
  if (!(error instanceof WhorlError)) return exitCodes.internal;
  return error.code === "usage" ? exitCodes.usage : exitCodes.refused;
}

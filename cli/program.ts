import { Command, CommanderError } from "commander";
import { WhorlError } from "../runtime/error.ts";
import type { CommandDependencies, Machine } from "./command.ts";
import { commandTable } from "./commands.ts";
import type { CommandEntry, CommandParts } from "./commands.ts";
import { exitCodes } from "./io.ts";
import type { CommandIo } from "./io.ts";
import { createJsonReporter, createTextReporter } from "./output.ts";
import type { Prompt } from "./new/prompt.ts";
import type { Reporter } from "./output.ts";
import type { StartApp } from "./up/up.ts";

export interface ProgramDependencies {
  readonly io: CommandIo;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the current directory. */
  readonly directory: string;
  readonly startApp: StartApp;
  /** Undefined where nobody can answer. */
  readonly prompt: Prompt | undefined;
  /** Undefined: nobody can look at what runs here, and nothing is exported. */
  readonly machine?: Machine | undefined;
}

/**
 * Runs a command line (without the program's name) and says how it ended. Everything that goes
 * wrong is reported, nothing is thrown.
 * @returns the exit code.
 */
export async function runProgram(
  argv: readonly string[],
  dependencies: ProgramDependencies,
): Promise<number> {
  const { io, version, environment, directory, machine, startApp, prompt } = dependencies;
  const { options, guestArguments } = splitArguments(argv);
  const reporter = wantsJson(options) ? createJsonReporter(io) : createTextReporter(io);
  let exitCode: number = exitCodes.done;
  const finish = (code: number): void => void (exitCode = code);
  try {
    const program = await buildProgram(
      { io, version, environment, directory, machine, guestArguments, finish },
      { startApp, prompt, options },
    );
    await program.parseAsync([...options], { from: "user" });
    return exitCode;
  } catch (error) {
    return reportFailure(error, { reporter, options });
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

/** Only the command that runs is loaded; of the others the help shows name and description. */
async function buildProgram(
  dependencies: CommandDependencies,
  { options, ...parts }: CommandParts & { readonly options: readonly string[] },
): Promise<Command> {
  const { io, version } = dependencies;
  const program = configured(new Command("whorl"), io)
    .description("Runs WebAssembly components.")
    .version(version, "-V, --version", "print the version")
    .addHelpText("after", "\nExamples:\n  $ whorl up\n  $ whorl up hello.wasm\n  $ whorl help up");
  const named = options.find((each) => !each.startsWith("-"));
  const wanted = named === "help" ? options[options.indexOf(named) + 1] : named;
  for (const entry of commandTable(parts)) {
    const isWanted = entry.name === wanted || named === "completion";
    const command = isWanted ? await entry.load(dependencies) : placeholder(entry);
    program.addCommand(configuredTree(command, io));
  }
  return program;
}

function placeholder({ name, description }: CommandEntry): Command {
  return new Command(name).description(description);
}

function configuredTree(command: Command, io: CommandIo): Command {
  for (const child of command.commands) configuredTree(child, io);
  return configured(command, io);
}

function configured(command: Command, io: CommandIo): Command {
  return command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    getOutHasColors: () => io.stdout.hasColors,
    getErrHasColors: () => io.stderr.hasColors,
    // Reported as every other error.
    outputError: () => undefined,
  });
}

/** Known before the command line is parsed, so that its mistakes are reported in this form too. */
function wantsJson(options: readonly string[]): boolean {
  return options.some(
    (each, index) =>
      each === "--output=json" || (each === "--output" && options[index + 1] === "json"),
  );
}

interface Failure {
  readonly reporter: Reporter;
  readonly options: readonly string[];
}

function reportFailure(error: unknown, { reporter, options }: Failure): number {
  if (error instanceof CommanderError) {
    // Help and version, already printed.
    if (error.exitCode === 0) return exitCodes.done;
    // No command: the help is already printed.
    if (error.code === "commander.help") return exitCodes.usage;
    const message = error.message.replace(/^error: /, "");
    const command = options.find((each) => /^[a-z]/.test(each)) ?? "";
    const isKnown = error.code !== "commander.unknownCommand" && command !== "";
    const help = isKnown ? `whorl help ${command}` : "whorl help";
    reporter.error(new WhorlError("usage", `${message}\nSee "${help}".`));
    return exitCodes.usage;
  }
  reporter.error(error);
  if (!(error instanceof WhorlError)) return exitCodes.internal;
  return error.code === "usage" ? exitCodes.usage : exitCodes.refused;
}

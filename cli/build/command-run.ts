import { Command } from "commander";
import { createCaptureIo } from "../capture-io.ts";
import type { CaptureIo } from "../capture-io.ts";
import type { CommandDependencies, MakeCommand } from "../command.ts";

/** How a command ran. */
export interface CommandRun {
  readonly io: CaptureIo;
  /** What the command said at its end; 0 where it said nothing. Rejects with what it threw. */
  readonly exitCode: Promise<number>;
}

/** Runs one command in memory, for tests; its first argument is its name. */
export function runCommand(
  makeCommand: MakeCommand,
  args: readonly string[],
  given: Partial<CommandDependencies> = {},
): CommandRun {
  const io = createCaptureIo();
  let exitCode = 0;
  const command = makeCommand({
    io,
    version: "1.2.3",
    environment: {},
    directory: "/",
    guestArguments: [],
    finish: (code) => void (exitCode = code),
    ...given,
  });
  const program = new Command("whorl").exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    outputError: () => undefined,
  });
  program.addCommand(command.copyInheritedSettings(program));
  const run = program.parseAsync([command.name(), ...args], { from: "user" });
  return { io, exitCode: run.then(() => exitCode) };
}

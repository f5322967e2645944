import type { Command } from "commander";
import type { CommandIo } from "./io.ts";

/** What a command of `whorl` may use besides its own arguments. */
export interface CommandDependencies {
  readonly io: CommandIo;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the current directory: relative paths of the command line start here. */
  readonly directory: string;
  /** What stands after `--` on the command line. */
  readonly guestArguments: readonly string[];
  /** Says how the command ended; without it the exit code is 0. */
  finish(exitCode: number): void;
}

/**
 * A subcommand, complete with arguments, options, help and examples. Its action throws WhorlError
 * for whatever goes wrong; program.ts reports it.
 */
export type MakeCommand = (dependencies: CommandDependencies) => Command;

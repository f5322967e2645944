import type { Command } from "commander";
import type { CommandIo } from "./io.ts";
import type { Terminal } from "./top/terminal.ts";

/** The machine and the process, for what runs and for who looks at it. */
export interface Machine {
  readonly hostName: string;
  readonly pid: number;
  /** Of the user; undefined where there is none, as on Windows. */
  readonly userId: number | undefined;
  /** Undefined where nobody sits in front of it. */
  openTerminal(): Terminal | undefined;
}

/** What a command of `whorl` may use besides its own arguments. */
export interface CommandDependencies {
  readonly io: CommandIo;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the current directory: relative paths of the command line start here. */
  readonly directory: string;
  /** Undefined: nobody can look at what runs here, and nothing is exported. */
  readonly machine?: Machine | undefined;
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

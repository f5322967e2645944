import type { HostInterface } from "../instance/host-interface.ts";
import { environment } from "./cli/environment.ts";
import { exit } from "./cli/exit.ts";
import { stderr } from "./cli/stderr.ts";
import { stdin } from "./cli/stdin.ts";
import { stdout } from "./cli/stdout.ts";
import { terminalInput } from "./cli/terminal-input.ts";
import { terminalOutput } from "./cli/terminal-output.ts";
import { terminalStderr } from "./cli/terminal-stderr.ts";
import { terminalStdin } from "./cli/terminal-stdin.ts";
import { terminalStdout } from "./cli/terminal-stdout.ts";
import { monotonicClock } from "./clocks/monotonic-clock.ts";
import { timezone } from "./clocks/timezone.ts";
import { wallClock } from "./clocks/wall-clock.ts";
import type { WasiContext } from "./context.ts";
import { preopens } from "./filesystem/preopens.ts";
import { types } from "./filesystem/types.ts";
import { ioError } from "./io/error-interface.ts";
import { poll } from "./io/poll-interface.ts";
import { streams } from "./io/streams-interface.ts";
import { insecure } from "./random/insecure.ts";
import { insecureSeed } from "./random/insecure-seed.ts";
import { random } from "./random/random.ts";

/** WASI 0.2 without network and HTTP: io, cli, clocks, random, filesystem. */
export const basicInterfaces: readonly HostInterface<WasiContext>[] = [
  ioError,
  poll,
  streams,
  environment,
  exit,
  stdin,
  stdout,
  stderr,
  terminalInput,
  terminalOutput,
  terminalStdin,
  terminalStdout,
  terminalStderr,
  monotonicClock,
  wallClock,
  timezone,
  random,
  insecure,
  insecureSeed,
  types,
  preopens,
];

import type { HostInterface } from "../../../instance/host-interface.ts";
import { final03 } from "../../release-candidate.ts";
import type { WasiContext } from "../../context.ts";
import { environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { terminalInput } from "../terminal-input.ts";
import { terminalOutput } from "../terminal-output.ts";
import { terminalStderr } from "../terminal-stderr.ts";
import { terminalStdin } from "../terminal-stdin.ts";
import { terminalStdout } from "../terminal-stdout.ts";
import { stderr03, stdin03, stdout03 } from "./standard-streams.ts";

const environment03: HostInterface<WasiContext> = {
  ...environment,
  functions: { ...environment.functions, "get-initial-cwd": () => undefined },
};

/** wasi:cli@0.3; most of it is as in 0.2. */
export const cliInterfaces03: readonly HostInterface<WasiContext>[] = [
  ...[
    environment03,
    exit,
    terminalInput,
    terminalOutput,
    terminalStdin,
    terminalStdout,
    terminalStderr,
  ].map((each) => ({ ...each, version: final03 })),
  stdin03,
  stdout03,
  stderr03,
];

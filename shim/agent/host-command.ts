import { spawn } from "node:child_process";
import { once } from "node:events";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";

/** Runs programs of the node, in its namespaces and with its root. */
export interface HostCommands {
  /**
   * What the program printed on its standard output.
   * @throws ShimError `failed_precondition` with the end of what it complained about
   */
  run(program: string, ...args: readonly string[]): Promise<string>;
}

/** Where the node's programs are, as its own services are given them. */
const nodePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin";

/**
 * Commands of a node whose root is mounted at `root`; `enter` starts a program there (see
 * on-host.ts). Without it this process is the node's own.
 */
export function hostCommands({
  root,
  enter,
}: {
  readonly root: string;
  readonly enter: readonly string[];
}): HostCommands {
  const prefix = root === "/" ? [] : [...enter, root];
  return {
    run: (program, ...args) => {
      const command = [program, ...args];
      return run([...prefix, ...command], command.join(" "));
    },
  };
}

/** `name`: what the node's administrator would call it. */
async function run([program = "", ...args]: readonly string[], name: string): Promise<string> {
  const child = spawn(program, args, {
    cwd: "/",
    env: { PATH: nodePath, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: shimLimits.agent.commandMsMax,
    killSignal: "SIGKILL",
  });
  const parts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      parts[name] = (parts[name] + chunk.toString()).slice(-shimLimits.agent.commandOutputBytesMax);
    });
  }
  try {
    const [status, signal] = (await once(child, "close")) as [number | null, string | null];
    if (status === 0) return parts.stdout;
    const text = (parts.stderr.trim() || parts.stdout.trim()).slice(-1000);
    throw new ShimError(
      "failed_precondition",
      `${name}: ${text || `ended with ${status ?? signal}`}`,
    );
  } catch (error) {
    if (error instanceof ShimError) throw error;
    throw new ShimError("failed_precondition", `${name}: ${errorText(error)}`, { cause: error });
  }
}

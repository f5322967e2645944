import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { scratchFolder } from "../host/scratch-folder.ts";
import type { HostCommand, HostReport } from "../host/protocol.ts";
import type { NetworkNamespace } from "./container-spec.ts";
import { type OutputPaths, openOutputs } from "./stdio.ts";

/** What happens to a host process. */
export interface HostListener {
  onReport(report: HostReport): void;
  /** Once, after the last report. `status` as a shell would say it. */
  onEnd(status: number): void;
}

export interface HostProcessOptions {
  readonly network: NetworkNamespace;
  readonly outputs: OutputPaths;
  /** Compiled code of the runtime is kept here between processes. */
  readonly compileCache: string;
  readonly path: string;
}

const entry = fileURLToPath(new URL("../host/main.ts", import.meta.url));

/** The process that runs one container's guests, in the pod's network and its own mount view. */
export class HostProcess {
  readonly #child: ChildProcess;

  /** Throws `invalid_argument` for an output that cannot be opened. */
  constructor(options: HostProcessOptions, listener: HostListener) {
    using outputs = openOutputs(options.outputs);
    const command = [...namespaces(options.network), process.execPath, ...nodeFlags, entry];
    const [program = process.execPath, ...args] = command;
    this.#child = spawn(program, args, {
      cwd: "/",
      env: {
        PATH: options.path,
        NODE_COMPILE_CACHE: options.compileCache,
        // Where the runtime keeps copies of an app's files.
        TMPDIR: scratchFolder,
      },
      stdio: ["ignore", outputs.stdout, outputs.stderr, "ipc"],
    });
    this.#child.on("message", (report: HostReport) => listener.onReport(report));
    let hasEnded = false;
    const end = (status: number): void => {
      if (!hasEnded) listener.onEnd(status);
      hasEnded = true;
    };
    this.#child.on("error", () => {
      // Either it could not be started, or a message could not be sent to one that is ending.
      if (this.#child.pid === undefined) end(127);
    });
    this.#child.on("exit", (code, signal) => end(code ?? 128 + signalNumber(signal)));
  }

  /** Undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** A process that has ended takes no commands; its end is reported anyway. */
  send(command: HostCommand): void {
    if (this.#child.connected) this.#child.send(command, () => undefined);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

const nodeFlags = ["--disable-warning=ExperimentalWarning"];

function namespaces(network: NetworkNamespace): readonly string[] {
  const mounts = ["unshare", "--mount", "--propagation", "slave", "--"];
  switch (network.kind) {
    case "host":
      return mounts;
    case "new":
      return ["unshare", "--net", "--mount", "--propagation", "slave", "--"];
    case "path":
      return ["nsenter", `--net=${network.path}`, "--", ...mounts];
  }
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 9 : (signalNumbers[signal] ?? 9);
}

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { scratchFolder } from "../host/scratch-folder.ts";
import type { HostCommand, HostReport } from "../host/protocol.ts";

/** What happens to a host process. */
export interface HostListener {
  onReport(report: HostReport): void;
  /** Once, after the last report. `status` as a shell would say it. */
  onEnd(status: number): void;
}

export interface HostProcessOptions {
  /** Compiled code of the runtime is kept here between processes. */
  readonly compileCache: string;
  readonly path: string;
}

const entry = fileURLToPath(new URL("../host/main.ts", import.meta.url));

/**
 * A process that is to run one container's guests: started before it is known which container, with
 * a mount view of its own and an empty network, until the container's own is entered.
 */
export class HostProcess {
  readonly #child: ChildProcess;
  #listener: HostListener | undefined;
  #status: number | undefined;

  constructor({ path, compileCache }: HostProcessOptions) {
    const own = ["--net", "--mount", "--propagation", "slave", "--"];
    this.#child = spawn("unshare", [...own, process.execPath, ...nodeFlags, entry], {
      cwd: "/",
      env: {
        PATH: path,
        NODE_COMPILE_CACHE: compileCache,
        // Where the runtime keeps copies of an app's files.
        TMPDIR: scratchFolder,
      },
      // Until it has the container's outputs, what it says is said to the front's log.
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    // A process that waits must not keep the front alive.
    this.#child.unref();
    this.#child.channel?.unref();
    this.#child.on("message", (report: HostReport) => this.#listener?.onReport(report));
    this.#child.on("error", () => {
      // Either it could not be started, or a message could not be sent to one that is ending.
      if (this.#child.pid === undefined) this.#end(127);
    });
    this.#child.on("exit", (code, signal) => this.#end(code ?? 128 + signalNumber(signal)));
  }

  /** Undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#status !== undefined;
  }

  /** Who hears of it from now on. */
  listen(listener: HostListener): void {
    this.#listener = listener;
    const status = this.#status;
    if (status !== undefined) queueMicrotask(() => listener.onEnd(status));
  }

  /** A process that has ended takes no commands; its end is reported anyway. */
  send(command: HostCommand): void {
    if (this.#child.connected) this.#child.send(command, () => undefined);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #end(status: number): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    this.#listener?.onEnd(status);
  }
}

const nodeFlags = ["--disable-warning=ExperimentalWarning"];

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

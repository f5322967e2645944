import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { scratchFolder } from "../host/scratch-folder.ts";
import type { HostCommand, HostReport } from "../host/protocol.ts";
import { ShimError } from "../error.ts";
import { programFile } from "../programs.ts";
import type { FrontKernel } from "./front-kernel.ts";
import { type ChildState, childState, type FrontChild } from "./adopted-child.ts";

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
  readonly kernel: FrontKernel;
}

/** A host process for the state that is handed over. */
export interface HostProcessState extends ChildState {
  /** Descriptor of the channel for descriptors. */
  readonly passing: number | undefined;
}

const entry = programFile("host");

/**
 * A process that is to run one container's guests: started before it is known which container, with
 * a mount view of its own and an empty network, until the container's own is entered.
 */
export class HostProcess {
  readonly #child: FrontChild;
  readonly #kernel: FrontKernel;
  /** Our end of the channel for descriptors; undefined if it is not known any more. */
  readonly #passing: number | undefined;
  #listener: HostListener | undefined;
  #status: number | undefined;

  private constructor(child: FrontChild, kernel: FrontKernel, passing: number | undefined) {
    this.#child = child;
    this.#kernel = kernel;
    this.#passing = passing;
    child.on("message", (report) => this.#listener?.onReport(report as HostReport));
    child.on("error", () => {
      // Either it could not be started, or a message could not be sent to one that is ending.
      if (this.#child.pid === undefined) this.#end(127);
    });
    child.on("exit", (code, signal) =>
      this.#end((code as number | null) ?? 128 + signalNumber(signal as NodeJS.Signals | null)),
    );
  }

  static start({ path, compileCache, kernel }: HostProcessOptions): HostProcess {
    const [passing, other] = kernel.channel();
    const own = ["--net", "--mount", "--propagation", "slave", "--"];
    const child = spawn("unshare", [...own, process.execPath, ...nodeFlags, entry], {
      cwd: "/",
      env: {
        PATH: path,
        NODE_COMPILE_CACHE: compileCache,
        // Where the runtime keeps copies of an app's files.
        TMPDIR: scratchFolder,
      },
      // Until it has the container's outputs, what it says is said to the front's log.
      stdio: ["ignore", "ignore", "inherit", "ipc", other],
    });
    closeSync(other);
    // A process that waits must not keep the front alive.
    child.unref();
    child.channel?.unref();
    return new HostProcess(child, kernel, passing);
  }

  /** One that an earlier front has started. */
  static adopt(child: FrontChild, state: HostProcessState, kernel: FrontKernel): HostProcess {
    return new HostProcess(child, kernel, state.passing);
  }

  /** For another program in this process that goes on with it. */
  handOver(): HostProcessState {
    if (this.hasEnded) return { pid: 0, channel: undefined, passing: undefined };
    return { ...childState(this.#child), passing: this.#passing };
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

  /**
   * Passes copies of descriptors; they are there before any command that is sent after them.
   * @throws ShimError `internal` if the process does not take them, or is gone
   */
  pass(message: string, descriptors: readonly number[]): void {
    if (this.hasEnded || this.#passing === undefined) {
      throw new ShimError("unavailable", "the host process has ended");
    }
    this.#kernel.sendDescriptors(this.#passing, message, descriptors);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #end(status: number): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    if (this.#passing !== undefined) closeSync(this.#passing);
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

import type { HostReport, HostSpec } from "../host/protocol.ts";
import type { HostProcess, HostProcessState } from "./host-process.ts";
import type { TaskHost, TaskHostListener } from "./task-host.ts";

/** A process that runs one container and ends with it. */
export class OwnHost implements TaskHost {
  readonly #process: HostProcess;
  readonly #spec: HostSpec;

  constructor(process: HostProcess, spec: HostSpec) {
    this.#process = process;
    this.#spec = spec;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  listen(listener: TaskHostListener): void {
    this.#process.listen({
      onReport: (report: HostReport) => {
        if (report.kind === "adopted") listener.onAdopted();
        if (report.kind === "failed") listener.onFailed(report.reason);
      },
      onEnd: (status) => listener.onEnd(status),
    });
  }

  prepare(): void {
    this.#process.send({ kind: "prepare", spec: this.#spec });
  }

  /** For another program in this process that goes on with it. */
  handOver(): HostProcessState {
    return this.#process.handOver();
  }

  serve(): void {
    this.#process.send({ kind: "serve" });
  }

  drain(): void {
    this.#process.send({ kind: "drain" });
  }

  kill(): void {
    this.#process.kill();
  }

  /** All of it is in the container's cgroup. */
  async usage(): Promise<undefined> {
    return undefined;
  }
}

import type { SeatUsage } from "../host/process-usage.ts";

/** What a container hears of the process that runs its guests. */
export interface TaskHostListener {
  /** The process has the container's outputs. */
  onAdopted(): void;
  /** Its last words; the end follows. */
  onFailed(reason: string): void;
  /** It has to be run in a process of its own; nothing of it is left in this one. */
  onUnsuitable(reason: string): void;
  /** Once, after everything else. `status` as a shell would say it. */
  onEnd(status: number): void;
}

/** Runs the guests of one container, in a process of its own or in one of several containers. */
export interface TaskHost {
  /** Undefined if it could not be started. */
  readonly pid: number | undefined;
  /** Once, before anything else. */
  listen(listener: TaskHostListener): void;
  /** Loads the app but does not serve it yet. */
  prepare(): void;
  serve(): void;
  /** Stop accepting, finish what is in flight, end with 0. */
  drain(): void;
  /** End it at once, whatever it does; heard of as status 137. */
  kill(): void;
  /** What it has used, where that is not what its cgroup says. */
  usage(): Promise<SeatUsage | undefined>;
}

import type { ShimErrorCode } from "../error.ts";

/** How a container ended. */
export interface Exit {
  /** As a shell would say it: 128 + signal for a signal. */
  readonly status: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** The kernel ended it because of its memory limit. */
  readonly isOutOfMemory: boolean;
}

/** A Wasm container from `Create` to `Delete`; each state holds only what is true in it. */
export type TaskState =
  /** `ended`: its host process is already gone, which nobody is told before the start. */
  | { readonly kind: "created"; readonly ended: Exit | undefined }
  | { readonly kind: "running" }
  | { readonly kind: "paused" }
  | { readonly kind: "stopped"; readonly exit: Exit }
  | { readonly kind: "deleted"; readonly exit: Exit };

/** What containerd asks for, and what happens to the host process. */
export type TaskInput =
  | { readonly kind: "start" }
  | { readonly kind: "kill"; readonly signal: number }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "delete" }
  | { readonly kind: "host-ended"; readonly exit: Exit };

/** What has to be done, in this order. */
export type TaskEffect =
  | { readonly kind: "publish"; readonly event: TaskEventKind }
  /** The host process may serve now. */
  | { readonly kind: "serve" }
  /** Stop accepting, finish what is in flight, end with 0. */
  | { readonly kind: "drain" }
  /** End the host process at once. */
  | { readonly kind: "kill" }
  | { readonly kind: "freeze" }
  | { readonly kind: "thaw" }
  /** Those who wait learn how it ended. */
  | { readonly kind: "settle"; readonly exit: Exit }
  /** Free what the container holds. */
  | { readonly kind: "release" };

export type TaskEventKind = "start" | "exit" | "oom" | "delete" | "paused" | "resumed";

export type Step =
  | { readonly next: TaskState; readonly effects: readonly TaskEffect[] }
  | { readonly refused: ShimErrorCode; readonly reason: string };

export const createdState: TaskState = { kind: "created", ended: undefined };

const signals = { hup: 1, int: 2, quit: 3, kill: 9, term: 15 } as const;

/** Ask to end: also SIGRTMIN+3, which systemd images name as their stop signal. */
const drainSignals: ReadonlySet<number> = new Set([signals.int, signals.quit, signals.term, 37]);

/** The next state and what to do, or why the input is refused. Never touches the world. */
export function transition(state: TaskState, input: TaskInput): Step {
  switch (input.kind) {
    case "start":
      return start(state);
    case "kill":
      return kill(state, input.signal);
    case "pause":
      if (state.kind === "paused") return unchanged(state);
      if (state.kind !== "running") return refuse(state, "pause");
      return step({ kind: "paused" }, { kind: "freeze" }, publish("paused"));
    case "resume":
      if (state.kind === "running") return unchanged(state);
      if (state.kind !== "paused") return refuse(state, "resume");
      return step({ kind: "running" }, { kind: "thaw" }, publish("resumed"));
    case "delete":
      return remove(state);
    case "host-ended":
      return ended(state, input.exit);
  }
}

function start(state: TaskState): Step {
  if (state.kind !== "created") return refuse(state, "start");
  if (state.ended === undefined) {
    return step({ kind: "running" }, { kind: "serve" }, publish("start"));
  }
  return stopped(state.ended, publish("start"));
}

function kill(state: TaskState, signal: number): Step {
  switch (state.kind) {
    case "created":
      // It has not been started: nobody's request can be in flight.
      if (state.ended !== undefined) return stopped(state.ended);
      return signal === 0 || !ends(signal) ? unchanged(state) : step(state, { kind: "kill" });
    case "running":
      if (signal === signals.kill) return step(state, { kind: "kill" });
      return drainSignals.has(signal) ? step(state, { kind: "drain" }) : unchanged(state);
    case "paused":
      // What is frozen cannot react, except that the kernel ends it.
      if (signal === signals.kill) return step(state, { kind: "kill" }, { kind: "thaw" });
      return unchanged(state);
    case "stopped":
    case "deleted":
      return { refused: "not_found", reason: "process already finished" };
  }
}

function ends(signal: number): boolean {
  return signal === signals.kill || drainSignals.has(signal);
}

function remove(state: TaskState): Step {
  switch (state.kind) {
    case "created": {
      const exit = state.ended ?? { status: 137, atMs: 0, isOutOfMemory: false };
      return step({ kind: "deleted", exit }, { kind: "kill" }, { kind: "release" });
    }
    case "stopped": {
      const { exit } = state;
      return step({ kind: "deleted", exit }, { kind: "release" }, publish("delete"));
    }
    case "running":
    case "paused":
      return refuse(state, "delete");
    case "deleted":
      return { refused: "not_found", reason: "the container is already deleted" };
  }
}

function ended(state: TaskState, exit: Exit): Step {
  switch (state.kind) {
    case "created":
      return step({ kind: "created", ended: exit });
    case "running":
    case "paused":
      return stopped(exit);
    case "stopped":
    case "deleted":
      return unchanged(state);
  }
}

function stopped(exit: Exit, ...before: readonly TaskEffect[]): Step {
  const oom = exit.isOutOfMemory ? [publish("oom")] : [];
  const after: TaskEffect[] = [publish("exit"), { kind: "settle", exit }];
  return step({ kind: "stopped", exit }, ...before, ...oom, ...after);
}

function step(next: TaskState, ...effects: readonly TaskEffect[]): Step {
  return { next, effects };
}

function unchanged(state: TaskState): Step {
  return { next: state, effects: [] };
}

function publish(event: TaskEventKind): TaskEffect {
  return { kind: "publish", event };
}

function refuse({ kind }: TaskState, what: string): Step {
  return { refused: "failed_precondition", reason: `cannot ${what} a container that is ${kind}` };
}

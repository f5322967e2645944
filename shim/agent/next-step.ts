import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { Journal } from "./journal.ts";
import type { ConfigurationEdit } from "./plan-configuration.ts";
import type { DesiredHandler } from "./runtime-section.ts";

/** containerd, as the agent finds it. */
export type ContainerdState =
  /** There is neither a socket nor a process. */
  | { readonly kind: "absent"; readonly reason: string }
  /** It ought to be there, but does not answer. */
  | { readonly kind: "silent"; readonly reason: string }
  | { readonly kind: "unsupported"; readonly reason: string }
  | {
      readonly kind: "running";
      /** Types of the runtime handlers that it has loaded, by name. */
      readonly loaded: ReadonlyMap<string, string>;
    };

/** What changing the configuration would take. */
export type ConfigurationState =
  | { readonly kind: "known"; readonly edits: readonly ConfigurationEdit[] }
  /** It cannot be changed without doing harm. */
  | { readonly kind: "refused"; readonly error: ShimError }
  /** containerd has to answer first. */
  | { readonly kind: "unknown" };

/** The front that runs on the node. */
export type FrontState =
  | { readonly kind: "none" }
  | {
      readonly kind: "running";
      /** The installed version that it runs from; undefined where it came another way. */
      readonly version: string | undefined;
    };

/** Everything that decides what is to be done next. */
export interface Observation {
  readonly containerd: ContainerdState;
  readonly configuration: ConfigurationState;
  /** Versions whose tree is complete. */
  readonly installed: readonly string[];
  /** Versions, complete or not, that may be removed: no process runs from them. */
  readonly unused: readonly string[];
  /** The version that new containers get. */
  readonly current: string | undefined;
  readonly front: FrontState;
  /** This version was to take the front over, and could not, a short while ago. */
  readonly frontStays: boolean;
  /** The canary has answered since the last change. */
  readonly isVerified: boolean;
  readonly journal: Journal;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** What the node is to be like. */
export interface Desired {
  readonly version: string;
  readonly handlers: readonly DesiredHandler[];
  /** Of everything that a failure may be due to. */
  readonly fingerprint: string;
}

/** One thing to do; after each, the node is looked at again. */
export type Step =
  | { readonly kind: "install" }
  | { readonly kind: "switch"; readonly to: string }
  | { readonly kind: "configure"; readonly edits: readonly ConfigurationEdit[] }
  | { readonly kind: "restart" }
  /** What was changed works. */
  | { readonly kind: "settle" }
  /** What was changed does not work: files go back to what they were, and containerd with them. */
  | { readonly kind: "take-back"; readonly error: ShimError }
  | { readonly kind: "upgrade-front" }
  | { readonly kind: "verify" }
  | { readonly kind: "clean"; readonly versions: readonly string[] }
  /** Nothing is to be done, and all is well. */
  | { readonly kind: "rest" }
  /** Nothing can be done now. */
  | { readonly kind: "stop"; readonly error: ShimError };

/** Steps during which containers cannot be started: few nodes at a time may take them. */
export function isDisruptive({ kind }: Step): boolean {
  return kind === "restart" || kind === "take-back" || kind === "upgrade-front";
}

/** The next step towards what is desired. Total: every observation has one. */
export function nextStep(observed: Observation, desired: Desired): Step {
  const { failure } = observed.journal;
  const isTried =
    failure?.fingerprint === desired.fingerprint &&
    observed.nowMs - failure.atMs < shimLimits.agent.retryFailureMs;
  if (isTried) return fallBack(observed, desired, failure.message);
  return (
    containerdStep(observed) ??
    treeStep(observed, desired) ??
    configurationStep(observed, desired) ??
    frontStep(observed, desired.version) ??
    lastStep(observed, desired)
  );
}

/** What was tried last did not work; the version before it may serve as well as ever. */
function fallBack(observed: Observation, { version }: Desired, message: string): Step {
  const error = new ShimError("failed_precondition", message);
  // Taking it back was interrupted.
  if (observed.journal.change.kind === "changing") return { kind: "take-back", error };
  const { current } = observed;
  const isUsable = current !== undefined && current !== version;
  if (!isUsable || observed.containerd.kind !== "running") return { kind: "stop", error };
  const front = frontStep(observed, current);
  if (front !== undefined) return front;
  return observed.isVerified ? { kind: "stop", error } : { kind: "verify" };
}

function containerdStep({ containerd, journal }: Observation): Step | undefined {
  switch (containerd.kind) {
    case "running":
      return undefined;
    case "absent":
    case "unsupported":
      return stop("unimplemented", containerd.reason);
    case "silent":
      return silentStep(containerd.reason, journal);
  }
}

/** Whether it is our change that keeps containerd from answering. */
function silentStep(reason: string, { change }: Journal): Step {
  if (change.kind === "settled") {
    return stop("unavailable", `${reason}. Nothing of it was changed by this agent`);
  }
  if (change.restarts === 0) return { kind: "restart" };
  return { kind: "take-back", error: new ShimError("failed_precondition", reason) };
}

function treeStep(observed: Observation, { version }: Desired): Step | undefined {
  if (!observed.installed.includes(version)) return { kind: "install" };
  return observed.current === version ? undefined : { kind: "switch", to: version };
}

function configurationStep(observed: Observation, desired: Desired): Step | undefined {
  const { configuration, journal } = observed;
  if (configuration.kind === "refused") return { kind: "stop", error: configuration.error };
  if (configuration.kind === "known" && configuration.edits.length > 0) {
    return { kind: "configure", edits: configuration.edits };
  }
  const missing = notLoaded(observed, desired);
  const { change } = journal;
  if (missing.length === 0) return change.kind === "settled" ? undefined : { kind: "settle" };
  const restarts = change.kind === "settled" ? 0 : change.restarts;
  if (restarts < shimLimits.agent.restartsMax) return { kind: "restart" };
  return { kind: "take-back", error: notLoadedError(missing) };
}

function notLoaded({ containerd }: Observation, { handlers }: Desired): readonly DesiredHandler[] {
  if (containerd.kind !== "running") return [];
  return handlers.filter(({ name, shim }) => containerd.loaded.get(name) !== shim);
}

function notLoadedError(missing: readonly DesiredHandler[]): ShimError {
  const names = missing.map(({ name }) => name).join(", ");
  return new ShimError(
    "failed_precondition",
    `containerd was restarted, but does not know the runtime handler ${names}: it does not read ` +
      `the file that was written (see --containerd-config and --distribution)`,
  );
}

/** The front of the version that new containers get is to serve. */
function frontStep({ front, frontStays }: Observation, version: string): Step | undefined {
  if (front.kind === "none" || front.version === version || frontStays) return undefined;
  return { kind: "upgrade-front" };
}

function lastStep(observed: Observation, { version }: Desired): Step {
  if (!observed.isVerified) return { kind: "verify" };
  const versions = observed.unused.filter((each) => each !== version);
  return versions.length > 0 ? { kind: "clean", versions } : { kind: "rest" };
}

function stop(code: ShimError["code"], message: string): Step {
  return { kind: "stop", error: new ShimError(code, message) };
}

/** Everything that decides how the node is taken back. */
export interface RemovalObservation {
  readonly containerd: ContainerdState;
  readonly configuration: ConfigurationState;
  /** Names of pods that run under our handlers. */
  readonly pods: readonly string[];
  readonly front: FrontState;
  /** Something of ours is in the folders that we made. */
  readonly hasFiles: boolean;
  readonly journal: Journal;
}

export type RemovalStep =
  | { readonly kind: "configure"; readonly edits: readonly ConfigurationEdit[] }
  | { readonly kind: "restart" }
  | { readonly kind: "end-front" }
  | { readonly kind: "delete-files" }
  | { readonly kind: "done" }
  | { readonly kind: "stop"; readonly error: ShimError };

/** The next step towards a node on which nothing of ours is left; `ours` are our handlers' shims. */
export function nextRemovalStep(
  observed: RemovalObservation,
  { isForced, ours }: { readonly isForced: boolean; readonly ours: ReadonlySet<string> },
): RemovalStep {
  const { containerd, configuration, pods, front } = observed;
  if (pods.length > 0 && !isForced) {
    return { kind: "stop", error: stillUsed(pods) };
  }
  if (containerd.kind === "silent") return silentRemovalStep(containerd.reason, observed.journal);
  if (configuration.kind === "refused") return { kind: "stop", error: configuration.error };
  if (configuration.kind === "known" && configuration.edits.length > 0) {
    return { kind: "configure", edits: configuration.edits };
  }
  if (
    containerd.kind === "running" &&
    [...containerd.loaded.values()].some((type) => ours.has(type))
  ) {
    return removalRestart(observed);
  }
  if (front.kind === "running") return { kind: "end-front" };
  return observed.hasFiles ? { kind: "delete-files" } : { kind: "done" };
}

/** Its configuration still names what would be deleted. */
function silentRemovalStep(reason: string, { change }: Journal): RemovalStep {
  const restarts = change.kind === "settled" ? 0 : change.restarts;
  return change.kind === "changing" && restarts < shimLimits.agent.restartsMax
    ? { kind: "restart" }
    : { kind: "stop", error: new ShimError("unavailable", reason) };
}

function removalRestart({ journal: { change } }: RemovalObservation): RemovalStep {
  const restarts = change.kind === "settled" ? 0 : change.restarts;
  if (restarts < shimLimits.agent.restartsMax) return { kind: "restart" };
  const message =
    "containerd was restarted, but still knows Whorl's runtime handlers: somebody else's file " +
    "configures them; remove them there";
  return { kind: "stop", error: new ShimError("failed_precondition", message) };
}

function stillUsed(pods: readonly string[]): ShimError {
  const some = pods.slice(0, 5).join(", ");
  const more = pods.length > 5 ? ` and ${pods.length - 5} more` : "";
  return new ShimError(
    "failed_precondition",
    `Wasm pods still run on this node: ${some}${more}. Delete them or drain the node first, or use --force`,
  );
}

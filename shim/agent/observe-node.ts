import { dirname, join } from "node:path";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { AgentOptions } from "./agent-options.ts";
import type { ContainerdApi, NodePod } from "./containerd-api.ts";
import type { ContainerdVersion } from "./containerd-version.ts";
import {
  closedSystem,
  type ConfigurationStyle,
  detectDistribution,
  type Distribution,
  distributionNamed,
  markerOf,
} from "./distribution.ts";
import { type InstallSource, isInstalled } from "./install-tree.ts";
import { type Journal, parseJournal } from "./journal.ts";
import type { ConfigurationState, ContainerdState, FrontState } from "./next-step.ts";
import type { NodeFiles } from "./node-files.ts";
import { type NodePaths, reservedNames } from "./node-paths.ts";
import { fileIdentity, livingFront, runningPrograms } from "./node-processes.ts";
import { pause } from "./pause.ts";
import { planConfiguration } from "./plan-configuration.ts";
import type { DesiredHandler } from "./runtime-section.ts";
import { installLayout } from "../install-layout.ts";

/** Where to look. */
export interface ObservedNode {
  readonly options: AgentOptions;
  readonly files: NodeFiles;
  readonly paths: NodePaths;
}

/** What was found out by asking containerd; the API is for further questions. */
export type FoundContainerd =
  | {
      readonly kind: "running";
      readonly version: ContainerdVersion;
      readonly state: ContainerdState & { readonly kind: "running" };
    }
  | { readonly kind: "other"; readonly state: ContainerdState };

/** The node's distribution, with what the command line says otherwise. */
export function distributionOf({ options, files }: ObservedNode): Distribution {
  const { distribution, containerdConfig, containerdSocket } = options;
  const found =
    distribution === "auto"
      ? detectDistribution((path) => files.exists(path))
      : distributionNamed(distribution);
  return {
    ...found,
    socket: containerdSocket ?? found.socket,
    style: containerdConfig === undefined ? found.style : styleAt(found.style, containerdConfig),
  };
}

function styleAt(style: ConfigurationStyle, path: string): ConfigurationStyle {
  switch (style.kind) {
    case "file":
    case "template":
      return { ...style, path };
    case "rancher":
      return { ...style, folder: dirname(path) };
    case "folder":
      return { ...style, generated: path };
  }
}

/** Asks containerd what it is and what it has loaded. Never throws. */
export async function findRunningContainerd(
  { files }: ObservedNode,
  distribution: Distribution,
  api: ContainerdApi,
): Promise<FoundContainerd> {
  const { socket } = distribution;
  const closed = closedSystem(files.read("/etc/os-release") ?? "");
  if (closed !== undefined) return other("unsupported", `nothing can be installed on ${closed}`);
  if (!files.exists(socket) && !files.exists(markerOf(distribution))) {
    return other(
      "absent",
      `there is no containerd on this node: neither ${socket} nor ${markerOf(distribution)} is ` +
        "there (see --containerd-socket, --containerd-config, --distribution)",
    );
  }
  try {
    const version = await api.version();
    return { kind: "running", version, state: { kind: "running", loaded: await api.handlers() } };
  } catch (error) {
    const { code, message } = ShimError.fromUnknown(error);
    if (code === "unimplemented") return other("unsupported", message);
    return other("silent", `containerd does not answer at ${socket}: ${message}`);
  }
}

function other(kind: "absent" | "silent" | "unsupported", reason: string): FoundContainerd {
  return { kind: "other", state: { kind, reason } };
}

/** What the configuration lacks or has too much. Never throws. */
export function configurationOf(
  { files }: ObservedNode,
  style: ConfigurationStyle,
  {
    found,
    handlers,
  }: { readonly found: FoundContainerd; readonly handlers: readonly DesiredHandler[] },
): ConfigurationState {
  if (found.kind === "other") return { kind: "unknown" };
  try {
    const request = { style, containerd: found.version, handlers, files };
    return { kind: "known", edits: planConfiguration(request) };
  } catch (error) {
    return { kind: "refused", error: ShimError.fromUnknown(error) };
  }
}

/** The journal of the agent before this one. A journal that cannot be read says nothing. */
export function readJournal({ files, paths }: ObservedNode, log: (text: string) => void): Journal {
  try {
    return parseJournal(files.read(paths.journal));
  } catch (error) {
    log(`${paths.journal} is not used: ${ShimError.fromUnknown(error).message}`);
    return parseJournal(undefined);
  }
}

/** Installed versions, and which of them are in use. */
export interface InstalledVersions {
  readonly installed: readonly string[];
  readonly current: string | undefined;
  readonly unused: readonly string[];
  readonly front: FrontState;
}

/** Looks at the install folder and at the processes of the node. */
export function versionsOf(
  { files, paths }: ObservedNode,
  source: InstallSource,
  { version, previous }: { readonly version: string; readonly previous: string | undefined },
): InstalledVersions {
  const versions = files.list(paths.install).filter((name) => !reservedNames.has(name));
  const running = runningPrograms();
  const program = (name: string): string | undefined =>
    fileIdentity(files.at(join(paths.install, name, installLayout.node)));
  const current = files.linkTarget(paths.current);
  const isUnused = (name: string): boolean => {
    const identity = program(name);
    return identity === undefined || !running.has(identity);
  };
  const pid = livingFront(files.read(paths.frontPid));
  const front = pid === undefined ? undefined : fileIdentity(`/proc/${pid}/exe`);
  return {
    installed: versions.filter((name) =>
      name === version
        ? isInstalled(source, join(paths.install, name), files)
        : files.exists(join(paths.install, name, installLayout.list)),
    ),
    current,
    unused: versions.filter((name) => name !== current && name !== previous && isUnused(name)),
    front:
      pid === undefined
        ? { kind: "none" }
        : { kind: "running", version: versions.find((name) => program(name) === front) },
  };
}

/** Pods that run under these handlers. */
export async function podsUnder(
  api: ContainerdApi,
  handlers: ReadonlySet<string>,
): Promise<readonly NodePod[]> {
  const pods = await api.pods();
  return pods.filter(({ handler, isReady }) => isReady && handlers.has(handler));
}

/** Waits until containerd answers, or its time is over. */
export async function untilAnswering(api: ContainerdApi, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + shimLimits.agent.containerdStartMsMax;
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    try {
      await api.version(answerMs);
      return;
    } catch {
      await pause(pauseMs, signal);
    }
  }
}

const answerMs = 2000;
const pauseMs = 200;

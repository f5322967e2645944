import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runtime } from "../../proto/gen/agent.js";
import { errorText, ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { canaryAnswer } from "./canary-component.ts";
import { canaryImage } from "./canary-image.ts";
import type { ContainerdApi } from "./containerd-api.ts";
import { nothing } from "./grpc-channel.ts";
import type { NodeFiles } from "./node-files.ts";

const cri = runtime.v1;
type PodId = runtime.v1.PodSandboxId;
const service = "runtime.v1.RuntimeService";

const methods = {
  runPod: {
    name: `${service}/RunPodSandbox`,
    request: cri.RunPodSandboxRequest,
    answer: cri.PodSandboxId,
  },
  podStatus: {
    name: `${service}/PodSandboxStatus`,
    request: cri.PodSandboxId,
    answer: cri.PodSandboxStatusResponse,
  },
  stopPod: { name: `${service}/StopPodSandbox`, request: cri.PodSandboxId, answer: nothing },
  removePod: { name: `${service}/RemovePodSandbox`, request: cri.PodSandboxId, answer: nothing },
  create: {
    name: `${service}/CreateContainer`,
    request: cri.CreateContainerRequest,
    answer: cri.ContainerId,
  },
  start: { name: `${service}/StartContainer`, request: cri.ContainerId, answer: nothing },
  status: {
    name: `${service}/ContainerStatus`,
    request: cri.ContainerId,
    answer: cri.ContainerStatusResponse,
  },
} as const;

const exited = 2;
/** NamespaceOption: the node's network, so that no network plugin has to be ready. */
const namespaceOptions = { network: 2, pid: 1 };
const pollMs = 20;

export interface CanaryOptions {
  readonly containerd: ContainerdApi;
  readonly files: NodeFiles;
  readonly handler: string;
  /** Folder of the node for the canary's log. */
  readonly logFolder: string;
  /** Parent of its cgroup; containerd's own choice where not given. */
  readonly cgroupParent?: string;
  readonly signal: AbortSignal;
}

/**
 * Runs a Wasm container on the node, as a kubelet would, and checks what it says: containerd, shim,
 * front and host process all have to work for that. Nothing is left of it.
 * @throws ShimError `failed_precondition` with the first thing that did not work
 */
export async function runCanary(options: CanaryOptions): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await runOnce(options);
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      const isGone = error instanceof ShimError && error.code === "not_found";
      if (isGone && tries < shimLimits.agent.canaryPodsMax) continue;
      const reason = `the canary under the runtime handler ${options.handler} failed: ${errorText(error)}`;
      throw new ShimError("failed_precondition", reason, { cause: error });
    }
  }
}

async function runOnce(options: CanaryOptions): Promise<void> {
  const { containerd, files, logFolder } = options;
  const image = await canaryImage();
  await containerd.importImage(image);
  await untilKnown(containerd, image.name);
  const name = `whorl-canary-${randomUUID()}`;
  const log = join(logFolder, name);
  try {
    files.makeFolder(log);
    await runPod(options, { name, log, image: image.name });
  } finally {
    files.remove(log);
  }
}

async function runPod(
  options: CanaryOptions,
  { name, log, image }: { readonly name: string; readonly log: string; readonly image: string },
): Promise<void> {
  const { containerd, files } = options;
  const { channel } = containerd;
  const config = {
    metadata: { name, uid: name, namespace: "whorl-canary" },
    logDirectory: log,
    linux: { cgroupParent: options.cgroupParent ?? "", securityContext: { namespaceOptions } },
  };
  const timeoutMs = shimLimits.agent.canaryMsMax;
  const request = { config, runtimeHandler: options.handler };
  const pod = await channel.call(methods.runPod, request, { timeoutMs });
  try {
    const container = await channel.call(methods.create, {
      podSandboxId: pod.podSandboxId,
      config: {
        metadata: { name: "canary" },
        image: { image },
        logPath: "canary.log",
        linux: { securityContext: { namespaceOptions } },
      },
      sandboxConfig: config,
    });
    await channel.call(methods.start, container, { timeoutMs });
    const { exitCode, message, reason } = await ended(channel, container, options.signal);
    const output = files.read(join(log, "canary.log")) ?? "";
    if (exitCode === 0 && output.includes(canaryAnswer)) return;
    const said = output.trim() || message || reason || "nothing";
    throw new ShimError("internal", `it ended with ${exitCode} and said: ${said}`);
  } catch (error) {
    throw (await isStillThere(options, pod)) ? error : removedBySomebody(error);
  } finally {
    await channel.call(methods.stopPod, pod).catch(() => undefined);
    await channel.call(methods.removePod, pod).catch(() => undefined);
  }
}

/**
 * The kubelet ends pods that it does not know, which this one may be. Its processes end first and
 * containerd says so a moment later, hence more than one look after a failure.
 */
async function isStillThere({ containerd, signal }: CanaryOptions, pod: PodId): Promise<boolean> {
  const deadline = performance.now() + shimLimits.agent.canaryGoneMsMax;
  while (await isReady(containerd, pod)) {
    if (performance.now() > deadline || signal.aborted) return true;
    await delay(pollMs);
  }
  return false;
}

async function isReady({ channel }: ContainerdApi, pod: PodId): Promise<boolean> {
  try {
    const { status } = await channel.call(methods.podStatus, pod);
    return (status?.state ?? 0) === 0;
  } catch (error) {
    return !(error instanceof ShimError && error.code === "not_found");
  }
}

function removedBySomebody(cause: unknown): ShimError {
  const text = `its pod was ended by somebody else meanwhile: ${errorText(cause)}`;
  return new ShimError("not_found", text, { cause });
}

/** Pods can use an image once an event has arrived. */
async function untilKnown(containerd: ContainerdApi, image: string): Promise<void> {
  const deadline = performance.now() + shimLimits.agent.callMsMax;
  while (!(await containerd.hasImage(image))) {
    if (performance.now() > deadline) {
      throw new ShimError("deadline_exceeded", `containerd does not see the image ${image}`);
    }
    await delay(pollMs);
  }
}

async function ended(
  channel: ContainerdApi["channel"],
  container: runtime.v1.ContainerId,
  signal: AbortSignal,
): Promise<{ exitCode: number; message: string; reason: string }> {
  const deadline = performance.now() + shimLimits.agent.canaryMsMax;
  for (;;) {
    const { status } = await channel.call(methods.status, container);
    if (status?.state === exited) {
      const { exitCode = 0, message = "", reason = "" } = status;
      return { exitCode: exitCode ?? 0, message: message ?? "", reason: reason ?? "" };
    }
    if (performance.now() > deadline) {
      throw new ShimError("deadline_exceeded", "it does not answer");
    }
    await delay(pollMs, undefined, { signal });
  }
}

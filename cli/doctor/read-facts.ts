import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { errorText } from "../../runtime/error.ts";
import type { KubeFlags } from "../kube/kube-flags.ts";
import type {
  Availability,
  ClusterFacts,
  ContainerdFacts,
  MachineFacts,
  RegistryFacts,
} from "./facts.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface FactsOptions extends KubeFlags {
  readonly environment: Environment;
  /** Hosts with or without a port. */
  readonly registries: readonly string[];
  /** Plain HTTP and any certificate are fine. */
  readonly insecure: boolean;
  /** Folder in which the system's files are looked for; `/` but in tests. */
  readonly root: string;
}

/** No answer is waited for longer. */
const answerMsMax = 5_000;

const containerdSockets = [
  "run/containerd/containerd.sock",
  "run/k3s/containerd/containerd.sock",
  "run/k0s/containerd.sock",
  "var/snap/microk8s/common/run/containerd.sock",
];

const shims = ["containerd-shim-whorl-v1", "containerd-shim-spin-v2"];

/** Looks at the machine; whatever goes wrong is part of the result. */
export async function readFacts(options: FactsOptions): Promise<MachineFacts> {
  const { environment, root, registries } = options;
  const [ffi, containerd, cluster, ...found] = await Promise.all([
    ffiAvailability(),
    readContainerd(root, environment),
    readCluster(options),
    ...registries.map((host) => readRegistry(host, options)),
  ]);
  return {
    node: {
      version: process.versions.node,
      hasSuspending: "Suspending" in WebAssembly,
      ffi,
    },
    platform: { os: process.platform, architecture: process.arch },
    cgroupVersion: cgroupVersion(root),
    containerd,
    cluster,
    registries: found,
  };
}

async function ffiAvailability(): Promise<Availability> {
  try {
    await import("node:ffi");
    return { isThere: true };
  } catch (error) {
    return { isThere: false, reason: errorText(error) };
  }
}

/** Version 2 alone counts: with both mounted, the controllers are at version 1. */
function cgroupVersion(root: string): 1 | 2 | undefined {
  const folder = join(root, "sys/fs/cgroup");
  if (existsSync(join(folder, "cgroup.controllers"))) return 2;
  return existsSync(join(folder, "memory")) ? 1 : undefined;
}

async function readContainerd(
  root: string,
  environment: Environment,
): Promise<ContainerdFacts | undefined> {
  const sockets = containerdSockets.map((path) => join(root, path));
  const socket = sockets.find((path) => existsSync(path));
  if (socket === undefined) return undefined;
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((each) => each !== "");
  const candidates = folders.flatMap((folder) => shims.map((name) => join(folder, name)));
  return { socket, version: await containerdVersion(), shim: await firstExecutable(candidates) };
}

async function containerdVersion(): Promise<string | undefined> {
  try {
    const run = promisify(execFile);
    const { stdout } = await run("containerd", ["--version"], { timeout: answerMsMax });
    return /\bv?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

async function readCluster(options: FactsOptions): Promise<ClusterFacts> {
  let context = "";
  try {
    const { openKube } = await import("../kube/kube-session.ts");
    const { config } = openKube(options, options.environment);
    context = config.getCurrentContext();
    const { askCluster } = await import("./ask-cluster.ts");
    return await askCluster(config, answerMsMax);
  } catch (error) {
    const reason = errorText(error);
    return context === "" ? { kind: "none", reason } : { kind: "unreachable", context, reason };
  }
}

async function readRegistry(host: string, options: FactsOptions): Promise<RegistryFacts> {
  const hasCredentials = await hasLogin(host, options.environment);
  const schemes = options.insecure ? ["https", "http"] : ["https"];
  let reason = "";
  for (const scheme of schemes) {
    try {
      const signal = AbortSignal.timeout(answerMsMax);
      const { status } = await fetch(`${scheme}://${host}/v2/`, { signal, redirect: "manual" });
      if (status === 200) return { host, access: "open", hasCredentials };
      if (status === 401 || status === 403) return { host, access: "login", hasCredentials };
      reason = `it answers ${status} to /v2/, as no registry does`;
    } catch (error) {
      const { cause } = error as Error;
      reason = errorText(cause ?? error);
    }
  }
  return { host, access: "failed", reason, hasCredentials };
}

async function hasLogin(host: string, environment: Environment): Promise<boolean> {
  const folder = environment["DOCKER_CONFIG"] ?? join(environment["HOME"] ?? "/", ".docker");
  try {
    const text = await readFile(join(folder, "config.json"), "utf8");
    const config = JSON.parse(text) as Record<string, object | string | undefined>;
    const { auths, credHelpers, credsStore } = config;
    if (credsStore !== undefined) return true;
    return [auths, credHelpers].some((each) => typeof each === "object" && host in each);
  } catch {
    return false;
  }
}

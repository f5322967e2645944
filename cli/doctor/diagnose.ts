import type { ClusterFacts, ContainerdFacts, MachineFacts, RegistryFacts } from "./facts.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  /** `missing` is required and not there; `warning` works, but not as well as it could. */
  readonly state: "ok" | "note" | "warning" | "missing";
  readonly message: string;
  /** What to do; undefined where nothing has to be done. */
  readonly advice?: string;
}

/** What the machine shall be able to do. */
export interface Purpose {
  /** Be a node of a cluster. */
  readonly isNode: boolean;
  /** Deploy to a cluster. */
  readonly needsCluster: boolean;
}

type Check = (facts: MachineFacts, purpose: Purpose) => Finding[];

const nodeVersionMin = 26;

/** In the order in which people set things up. */
const checks: readonly Check[] = [
  ({ node }) => [checkNode(node.version), checkSuspending(node.hasSuspending)],
  ({ platform }) => [checkPlatform(platform)],
  ({ node }) => [checkFfi(node.ffi)],
  ({ cgroupVersion }, { isNode }) => [checkCgroup(cgroupVersion, isNode)],
  ({ containerd }, { isNode }) => checkContainerd(containerd, isNode),
  ({ cluster }, { needsCluster }) => checkCluster(cluster, needsCluster),
  ({ registries }) => registries.map(checkRegistry),
];

/** What there is to say about a machine. */
export function diagnose(facts: MachineFacts, purpose: Purpose): Finding[] {
  return checks.flatMap((check) => check(facts, purpose));
}

function checkNode(version: string): Finding {
  const major = Number.parseInt(version, 10);
  if (major >= nodeVersionMin) return { check: "node", state: "ok", message: `Node ${version}` };
  return {
    check: "node",
    state: "missing",
    message: `Node ${version} is too old`,
    advice: `install Node ${nodeVersionMin} or newer, or run npm install with optional packages`,
  };
}

function checkSuspending(hasSuspending: boolean): Finding {
  const check = "jspi";
  if (hasSuspending) return { check, state: "ok", message: "guests can wait (JSPI)" };
  return {
    check,
    state: "missing",
    message: "guests cannot wait: this Node has no JSPI",
    advice: `use Node ${nodeVersionMin} or newer, without --no-experimental-wasm-jspi`,
  };
}

function checkPlatform({ os, architecture }: MachineFacts["platform"]): Finding {
  const check = "platform";
  const message = `${os} on ${architecture}`;
  if (os === "linux") return { check, state: "ok", message };
  return {
    check,
    state: "warning",
    message: `${message}: apps run, but without snapshots of their memory`,
    advice: "run on Linux where speed matters",
  };
}

function checkFfi(ffi: MachineFacts["node"]["ffi"]): Finding {
  const check = "ffi";
  if (ffi.isThere) return { check, state: "ok", message: "node:ffi works" };
  return {
    check,
    state: "warning",
    message: `node:ffi cannot be used (${ffi.reason}): every request gets a new instance, which is slower`,
    advice: "use a Node with node:ffi, such as the one that npm installs with whorl",
  };
}

function checkCgroup(version: 1 | 2 | undefined, isNode: boolean): Finding {
  const check = "cgroup";
  if (version === 2) return { check, state: "ok", message: "cgroup version 2" };
  if (version === 1) {
    return {
      check,
      state: isNode ? "warning" : "note",
      message: "cgroup version 1, which Kubernetes is about to give up",
      ...(isNode && { advice: "boot with systemd.unified_cgroup_hierarchy=1" }),
    };
  }
  return {
    check,
    state: isNode ? "missing" : "note",
    message: "no cgroups: limits of pods cannot be kept",
    ...(isNode && { advice: "mount cgroup2 on /sys/fs/cgroup" }),
  };
}

function checkContainerd(containerd: ContainerdFacts | undefined, isNode: boolean): Finding[] {
  const check = "containerd";
  if (containerd === undefined) {
    return [
      {
        check,
        state: isNode ? "missing" : "note",
        message: "no containerd here",
        advice: isNode
          ? "install containerd 1.6 or newer and start it"
          : "only nodes of a cluster need it",
      },
    ];
  }
  const { socket, version, shim } = containerd;
  return [
    { check, state: "ok", message: `containerd ${version ?? "of unknown version"} at ${socket}` },
    shim === undefined
      ? {
          check: "shim",
          state: isNode ? "missing" : "note",
          message: "the shim is not installed",
          advice: "install the chart, whose installer brings it to every node",
        }
      : { check: "shim", state: "ok", message: shim },
  ];
}

function checkCluster(cluster: ClusterFacts, needsCluster: boolean): Finding[] {
  switch (cluster.kind) {
    case "none":
      return [
        {
          check: "kubeconfig",
          state: needsCluster ? "missing" : "note",
          message: cluster.reason,
          ...(!needsCluster && { advice: "only deploying to a cluster needs one" }),
        },
      ];
    case "unreachable":
      return [
        {
          check: "kubeconfig",
          state: needsCluster ? "missing" : "warning",
          message: `context ${cluster.context}: ${cluster.reason}`,
          advice: "choose another context with --context, or correct this one",
        },
      ];
    case "reachable":
      return [
        {
          check: "kubeconfig",
          state: "ok",
          message: `context ${cluster.context}, Kubernetes ${cluster.version}`,
        },
        checkRuntimeClass(cluster.runtimeClasses),
        checkOperator(cluster.hasSpinApps),
      ];
  }
}

const installOperator = "install the chart of the operator, or ask who runs the cluster";

function checkRuntimeClass(names: readonly string[] | undefined): Finding {
  const check = "runtime class";
  if (names === undefined) {
    return { check, state: "note", message: "runtime classes may not be read with these rights" };
  }
  if (names.length > 0) return { check, state: "ok", message: names.join(", ") };
  return {
    check,
    state: "warning",
    message: "the cluster has no runtime class for Wasm",
    advice: installOperator,
  };
}

function checkOperator(hasSpinApps: boolean | undefined): Finding {
  const check = "operator";
  if (hasSpinApps === undefined) {
    return { check, state: "note", message: "SpinApps may not be read with these rights" };
  }
  if (hasSpinApps) return { check, state: "ok", message: "the cluster knows SpinApps" };
  return {
    check,
    state: "warning",
    message: "the cluster does not know SpinApps",
    advice: installOperator,
  };
}

function checkRegistry({ host, access, reason, hasCredentials }: RegistryFacts): Finding {
  const check = `registry ${host}`;
  if (access === "open") return { check, state: "ok", message: "answers" };
  if (access === "failed") {
    return {
      check,
      state: "missing",
      message: `does not answer: ${reason ?? "for no known reason"}`,
      advice: "check its name, the network and proxies; -k accepts plain HTTP and any certificate",
    };
  }
  if (hasCredentials)
    return { check, state: "ok", message: "answers, and there is a login for it" };
  return {
    check,
    state: "warning",
    message: "answers, but wants to know who you are to push",
    advice: `whorl registry login ${host}`,
  };
}

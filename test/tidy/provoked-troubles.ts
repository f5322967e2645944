/** A message of docs/troubleshooting.md and the test that provokes it. */
export interface ProvokedTrouble {
  /** As the page quotes it; `...` stands for what differs from case to case. */
  readonly message: string;
  readonly test: string;
  /** What the test looks for, as it stands there without backslashes. */
  readonly words: string;
  /** Whose message it is, where it is not ours. */
  readonly of?: "Kubernetes" | "Helm";
}

const cluster = "test/cluster/troubles.test.ts";
const chart = "test/cluster/chart.test.ts";
const agent = "test/node/agent.test.ts";
const agentCluster = "test/node/agent-cluster.test.ts";
const plan = "shim/agent/plan-configuration.test.ts";
const status = "operator/status/app-status.test.ts";

/** Everything that the page quotes as a symptom. */
export const provokedTroubles: readonly ProvokedTrouble[] = [
  { message: "Pending", of: "Kubernetes", test: cluster, words: "no node that is ready for Wasm" },
  {
    message: "node(s) didn't match Pod's node affinity/selector",
    ...{ of: "Kubernetes", test: cluster, words: "node(s) didn't match Pod's node affinity" },
  },
  { message: "ImagePullFailed", test: cluster, words: "ImagePullFailed" },
  {
    message: "no match for platform in manifest",
    ...{ of: "Kubernetes", test: cluster, words: "no match for platform in manifest" },
  },
  { message: "FailedCreate", of: "Kubernetes", test: status, words: "FailedCreate" },
  {
    message: 'RuntimeClass "..." not found',
    ...{ of: "Kubernetes", test: cluster, words: 'RuntimeClass "nowhere" not found' },
  },
  {
    message: "FailedCreatePodSandBox",
    ...{ of: "Kubernetes", test: status, words: "FailedCreatePodSandBox" },
  },
  {
    message: 'no runtime for "spin" is configured',
    ...{ of: "Kubernetes", test: cluster, words: 'no runtime for "unknown" is configured' },
  },
  { message: "AppCrashes", test: status, words: "False AppCrashes" },
  {
    message: "exit code 1",
    of: "Kubernetes",
    test: status,
    words: "exit code 1, without a message",
  },
  { message: "MissingExecutor", test: cluster, words: '"MissingExecutor"' },
  { message: "ReferenceMissing", test: cluster, words: '"ReferenceMissing"' },
  {
    message: "a Wasm container has no processes to look into: ... is not possible",
    test: "test/cluster/kubectl.test.ts",
    words: "has no processes",
  },
  {
    message: "no volume is mounted at ...",
    test: "shim/host/guest-mounts.test.ts",
    words: "no volume is mounted at /mnt/none",
  },
  { message: "WhorlReady", test: agentCluster, words: '"WhorlReady"' },
  { message: "WaitingForSlot", test: agentCluster, words: "no more than so many at once" },
  {
    message: "there is no containerd on this node: neither ... nor ... is there",
    ...{ test: agent, words: "no containerd on this node: neither" },
  },
  {
    message: "this node runs ...: Whorl needs containerd 1.6 or newer",
    ...{ test: "shim/agent/containerd-version.test.ts", words: "runs cri-o" },
  },
  {
    message: "Whorl needs 1.6 or newer; update containerd",
    ...{ test: "shim/agent/containerd-version.test.ts", words: "update containerd" },
  },
  {
    message: "nothing can be installed on ...",
    ...{ test: "shim/agent/distribution.test.ts", words: "cannot be changed from a pod" },
  },
  {
    message: "containerd does not answer at ...",
    ...{ test: agent, words: "containerd does not answer at" },
  },
  {
    message: "Nothing of it was changed by this agent",
    ...{ test: agent, words: "Nothing of it was changed by this agent" },
  },
  {
    message: "cannot write ... on the node",
    test: agent,
    words: "cannot write .*whorl.* on the node",
  },
  { message: "... is not valid TOML", test: agent, words: "is not valid TOML" },
  {
    message: "containerd would not start with it. Nothing was changed",
    ...{ test: agent, words: "is not valid TOML.*Nothing was" },
  },
  {
    message: "containerd's configuration was put back before it was used: ...",
    ...{ test: agent, words: "put back before it was used" },
  },
  {
    message: "... configures the runtime handler ... already",
    ...{ test: agent, words: "configures the runtime handler runc already" },
  },
  {
    message:
      "... cannot be extended, because its tables are written in a form that allows no further ones (inline tables)",
    ...{ test: plan, words: "inline tables" },
  },
  {
    message: "the part that Whorl wrote was changed",
    ...{ test: "shim/agent/managed-block.test.ts", words: "remove them" },
  },
  {
    message: "containerd was restarted, but does not know the runtime handler ...",
    ...{ test: agent, words: "does not know the runtime handler agent" },
  },
  {
    message: "containerd cannot be restarted: this node has no systemd with ...",
    ...{ test: "shim/agent/restart-containerd.test.ts", words: "no systemd with" },
  },
  {
    message: "the canary under the runtime handler ... failed: ...",
    ...{ test: agent, words: "canary under the runtime handler agent failed" },
  },
  {
    message: "another agent works on this node",
    ...{ test: agentCluster, words: "another agent works" },
  },
  {
    message: "Kubernetes: ...: ... is forbidden",
    ...{ of: "Kubernetes", test: agentCluster, words: "secrets is forbidden" },
  },
  {
    message: "there is nothing to install (--source)",
    ...{ test: "test/node/agent-process.test.ts", words: "there is nothing to install (--source)" },
  },
  {
    message: "Wasm pods still run on this node: ...",
    ...{ test: agent, words: "Wasm pods still run on this node: default/pod-1" },
  },
  {
    message: "no node with the operator could be drained",
    ...{ test: chart, words: "no node with the operator could be drained" },
  },
  {
    message: "additional properties '...' not allowed",
    ...{ of: "Helm", test: chart, words: '"operator.replica", "3"' },
  },
  {
    message: "resource not ready",
    of: "Helm",
    test: agentCluster,
    words: "could not be taken back",
  },
  {
    message: "whorl-uninstaller",
    of: "Helm",
    test: agentCluster,
    words: "could not be taken back",
  },
  {
    message: "... nodes could not be taken back; nothing is uninstalled",
    ...{ test: agentCluster, words: "1 nodes could not be taken back" },
  },
  { message: "no agent answers there", test: agentCluster, words: "no agent answers there" },
  {
    message:
      "there is no DaemonSet ... whose agents could take back what is installed on ... nodes",
    ...{ test: agentCluster, words: "no DaemonSet whorl/gone .* installed on 1 nodes" },
  },
  {
    message: "invalid ownership metadata",
    ...{ of: "Helm", test: cluster, words: "invalid ownership metadata" },
  },
];

import type { Check, Outcome } from "./check.ts";
import { failed, notApplicable, passed } from "./check.ts";
import { at, conditionOf, controllerText, listAt, nameOf, textAt } from "./read-json.ts";
import { spinApp } from "./trial.ts";
import type { Trial } from "./trial.ts";

const gang = "schedulingOrchestration/gang_scheduling";
const nodes = "schedulingOrchestration/cluster_autoscaling";

/** What schedulers, queues and autoscalers of nodes need of pods and nodes. */
export const schedulingChecks: readonly Check[] = [
  {
    ...{ name: "resources and overhead", item: gang, run: requestsCounted },
    claim: "Pods say what they need, and their RuntimeClass what they cost besides.",
  },
  {
    ...{ name: "scheduling gates", item: gang, run: gatesHonoured },
    claim: "A Wasm pod with a scheduling gate waits, and runs once the gate is taken away.",
  },
  {
    ...{ name: "suspended jobs", item: gang, run: suspendHonoured },
    claim: "The Job of a suspended app starts no pod.",
  },
  {
    ...{ name: "queue", item: gang, run: queueThere },
    claim: "A gang scheduler is in the cluster.",
  },
  {
    ...{ name: "pods have owners", item: nodes, run: podsOwned },
    claim: "No pod keeps a node from being removed: each has a controller, agents a DaemonSet.",
  },
  {
    ...{ name: "startup taints", item: nodes, run: taintsRemoved },
    claim: "Nodes that are ready for Wasm have lost the taint that new nodes may begin with.",
  },
];

async function requestsCounted(trial: Trial): Promise<Outcome> {
  const [pod] = await trial.pods(nameOf(await trial.subject()));
  const className = textAt(pod, "spec", "runtimeClassName");
  const found = await trial.cluster.get(`/apis/node.k8s.io/v1/runtimeclasses/${className}`);
  const overhead = JSON.stringify(at(found, "overhead", "podFixed"));
  const has = JSON.stringify(at(pod, "spec", "overhead"));
  const requests = JSON.stringify(at(pod, "spec", "containers", 0, "resources", "requests"));
  if (overhead !== has || overhead === undefined) {
    return failed(
      `RuntimeClass ${className} says ${overhead ?? "nothing"}, the pod ${has ?? "nothing"}.`,
      "Set runtimeClasses.overhead of the chart.",
    );
  }
  const where = JSON.stringify(at(found, "scheduling", "nodeSelector") ?? {});
  return passed(
    `The pod ${nameOf(pod)} requests ${requests} and costs ${overhead} more (RuntimeClass ${className}).`,
    `It is placed by ${where}, and is on ${textAt(pod, "spec", "nodeName")}.`,
  );
}

const gate = "conformance.whorl.dev/gate";

async function gatesHonoured(trial: Trial): Promise<Outcome> {
  const [pod] = await trial.pods(nameOf(await trial.subject()));
  const container = at(pod, "spec", "containers", 0);
  const parts = ["name", "image", "command", "args", "env", "resources"] as const;
  const own = Object.fromEntries(parts.map((part) => [part, at(container, part)]));
  const gated = {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "gated" } },
    spec: {
      runtimeClassName: at(pod, "spec", "runtimeClassName"),
      schedulingGates: [{ name: gate }],
      terminationGracePeriodSeconds: 1,
      containers: [own],
    },
  };
  const path = trial.core("pods", "gated");
  await trial.cluster.create(trial.core("pods"), gated);
  await trial.until(
    () => "the pod to be held back by its gate",
    async () => {
      const held = conditionOf(await trial.cluster.get(path), "PodScheduled");
      return textAt(held, "reason") === "SchedulingGated" || undefined;
    },
  );
  await trial.cluster.patch(path, { spec: { schedulingGates: [] } });
  const node = await trial.until(
    () => "the pod to run",
    async () => {
      const found = await trial.cluster.get(path);
      return textAt(found, "status", "phase") === "Running"
        ? textAt(found, "spec", "nodeName")
        : undefined;
    },
  );
  await trial.cluster.delete(path);
  return passed(
    "With the gate it was SchedulingGated, which is how Kueue holds pods.",
    `Without the gate it runs on ${node}.`,
  );
}

async function suspendHonoured(trial: Trial): Promise<Outcome> {
  const { image, executor } = trial.options;
  const app = spinApp("suspended", { image, executor, job: { suspend: true } });
  await trial.cluster.create(trial.apps(), app);
  const job = await trial.until(
    () => "the Job to say that it is suspended",
    async () => {
      const name = textAt(await trial.cluster.get(trial.apps("suspended")), "status", "jobName");
      if (name === "") return undefined;
      const found = await trial.cluster.find(trial.group("batch/v1", "jobs", name));
      return textAt(conditionOf(found, "Suspended"), "status") === "True" ? found : undefined;
    },
  );
  const pods = await trial.pods("suspended");
  if (pods.length > 0) return failed(`It has ${pods.length} pods.`, "Look at the Job controller.");
  return passed(`The Job ${nameOf(job)} is suspended and has no pods.`);
}

async function queueThere({ cluster }: Trial): Promise<Outcome> {
  const groups = listAt(await cluster.get("/apis"), "groups").map((each) => textAt(each, "name"));
  const known = ["kueue.x-k8s.io", "scheduling.volcano.sh", "scheduling.x-k8s.io"];
  const found = known.filter((name) => groups.includes(name));
  const checked = "what it needs of pods is checked above (requests, gates, suspend)";
  return found.length === 0
    ? notApplicable("No gang scheduler is here.", `Install Kueue or Volcano; ${checked}.`)
    : passed(`The cluster serves ${found.join(", ")}; ${checked}.`);
}

async function podsOwned({ cluster }: Trial): Promise<Outcome> {
  const pods = await Promise.all([
    cluster.list("/api/v1/pods", { labelSelector: "core.spinkube.dev/app-name" }),
    cluster.list("/api/v1/pods", { labelSelector: "app.kubernetes.io/name=whorl" }),
  ]);
  const owners = new Map<string, number>();
  const alone: string[] = [];
  for (const pod of pods.flat()) {
    const kind = controllerText(pod)?.split("/", 1)[0];
    if (kind === undefined) alone.push(`${textAt(pod, "metadata", "namespace")}/${nameOf(pod)}`);
    else owners.set(kind, (owners.get(kind) ?? 0) + 1);
  }
  if (alone.length > 0) {
    return failed(`Pods without a controller: ${alone.join(", ")}.`, "Delete them, or own them.");
  }
  const counts = [...owners].map(([kind, count]) => `${count} by a ${kind}`).toSorted();
  return passed(`All pods of apps, operator and agents are owned: ${counts.join(", ")}.`);
}

const startupTaints = ["whorl.dev/agent-not-ready", "readiness.k8s.io/whorl-agent-not-ready"];

async function taintsRemoved({ cluster }: Trial): Promise<Outcome> {
  const ready = await cluster.list("/api/v1/nodes", { labelSelector: "whorl.dev/ready=true" });
  if (ready.length === 0) {
    return notApplicable(
      "No node has the label whorl.dev/ready: something else installs the runtime.",
      "Let the chart's agent install it (agent.enabled=true).",
    );
  }
  const tainted = ready.filter((node) =>
    listAt(node, "spec", "taints").some((taint) => startupTaints.includes(textAt(taint, "key"))),
  );
  if (tainted.length > 0) {
    const names = tainted.map(nameOf).join(", ");
    return failed(`Ready, and tainted still: ${names}.`, "Look at the agent's log there.");
  }
  return passed(`${ready.length} nodes are ready for Wasm, none has a startup taint.`);
}

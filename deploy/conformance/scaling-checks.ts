import type { Check, Outcome } from "./check.ts";
import { failed, notApplicable, passed } from "./check.ts";
import { conditionOf, isTrue, listAt, nameOf, numberAt, textAt } from "./read-json.ts";
import type { Live } from "./read-json.ts";
import type { Trial } from "./trial.ts";

const item = "schedulingOrchestration/pod_autoscaling";
const customMetrics = "custom.metrics.k8s.io";

/** What a HorizontalPodAutoscaler needs, and one that scales. */
export const scalingChecks: readonly Check[] = [
  {
    ...{ name: "scale subresource", item, run: scales },
    claim: "A SpinApp can be scaled by its scale subresource, which has a selector.",
  },
  {
    ...{ name: "autoscaler finds its target", item, run: autoscalerFindsTarget },
    claim: "A HorizontalPodAutoscaler over a SpinApp reads and may set its scale.",
  },
  {
    ...{ name: "usage of Wasm pods", item, run: kubeletCounts },
    claim: "The kubelet reports CPU time and memory of Wasm containers.",
  },
  {
    ...{ name: "metrics server", item, run: metricsServer },
    claim: "Usage of Wasm pods arrives where kubectl top and CPU targets read it.",
  },
  {
    ...{ name: "autoscaling on a custom metric", item, run: scalesOnCustomMetric },
    claim: "A HorizontalPodAutoscaler over a metric of the app's requests adds pods under load.",
  },
];

async function scales(trial: Trial): Promise<Outcome> {
  const name = nameOf(await trial.subject());
  const path = trial.apps(name, "scale");
  const reach = async (replicas: number): Promise<Live> => {
    await trial.cluster.patch(path, { spec: { replicas } });
    return await trial.until(
      () => `${replicas} replicas`,
      async () => {
        const scale = await trial.cluster.get(path);
        return numberAt(scale, "status", "replicas") === replicas ? scale : undefined;
      },
    );
  };
  const scale = await reach(2);
  await trial.ready(name);
  await reach(1);
  await trial.ready(name);
  const selector = textAt(scale, "status", "selector");
  if (selector === "") return failed("The scale has no selector.", "Install deploy/crds.");
  return passed("Scaled to 2 pods and back to 1.", `The selector of its pods is ${selector}.`);
}

function autoscaler(app: string, metrics: readonly object[]): object {
  return {
    ...{ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: { name: app } },
    spec: {
      scaleTargetRef: { apiVersion: "core.spinkube.dev/v1alpha1", kind: "SpinApp", name: app },
      ...{ minReplicas: 1, maxReplicas: 2, metrics },
    },
  };
}

async function autoscalerFindsTarget(trial: Trial): Promise<Outcome> {
  const name = nameOf(await trial.subject());
  const all = trial.group("autoscaling/v2", "horizontalpodautoscalers");
  const target = { type: "Utilization", averageUtilization: 90 };
  const cpu = { type: "Resource", resource: { name: "cpu", target } };
  await trial.cluster.create(all, autoscaler(name, [cpu]));
  try {
    const able = await trial.until(
      () => "the autoscaler to find the SpinApp",
      async () => {
        const found = conditionOf(await trial.cluster.get(`${all}/${name}`), "AbleToScale");
        return isTrue(found) ? found : undefined;
      },
    );
    return passed(`AbleToScale: ${textAt(able, "message")}.`);
  } finally {
    await trial.cluster.delete(`${all}/${name}`);
  }
}

async function kubeletCounts(trial: Trial): Promise<Outcome> {
  const name = nameOf(await trial.subject());
  await trial.ask(name);
  const [pod] = await trial.pods(name);
  const node = textAt(pod, "spec", "nodeName");
  const container = await trial.until(
    () => `the kubelet of ${node} to report memory and CPU time of ${nameOf(pod)}`,
    async () => {
      const summary = await trial.cluster.get(`/api/v1/nodes/${node}/proxy/stats/summary`);
      const found = listAt(summary, "pods").find(
        (each) =>
          textAt(each, "podRef", "namespace") === trial.namespace &&
          textAt(each, "podRef", "name") === nameOf(pod),
      );
      const own = listAt(found, "containers").find((each) => textAt(each, "name") === name);
      const isCounted = numberAt(own, "memory", "workingSetBytes") > 0;
      return isCounted && numberAt(own, "cpu", "usageCoreNanoSeconds") > 0 ? own : undefined;
    },
  );
  const bytes = numberAt(container, "memory", "workingSetBytes");
  const cpuMs = numberAt(container, "cpu", "usageCoreNanoSeconds") / 1e6;
  return passed(
    `The kubelet of ${node} reports ${bytes} bytes and ${cpuMs.toFixed(1)} ms of CPU time for the container ${name}.`,
  );
}

async function metricsServer(trial: Trial): Promise<Outcome> {
  if ((await trial.cluster.resources("metrics.k8s.io/v1beta1")) === undefined) {
    return notApplicable(
      "The cluster serves no metrics.k8s.io.",
      "Install metrics-server (kubernetes-sigs/metrics-server): it reads what the kubelet reports.",
    );
  }
  const name = nameOf(await trial.subject());
  const usage = await trial.until(
    () => "the metrics server to know the pod",
    async () => {
      const all = await trial.cluster.list(trial.group("metrics.k8s.io/v1beta1", "pods"));
      return all.find((each) => nameOf(each).startsWith(name));
    },
  );
  const used = JSON.stringify(listAt(usage, "containers")[0]);
  return passed(`metrics.k8s.io has ${nameOf(usage)}: ${used}.`);
}

const adapterRemedy =
  "Install an adapter, such as prometheus-adapter, with a rule that makes a metric of pods from " +
  "whorl_requests_total: docs/ai-conformance.md has one.";

async function scalesOnCustomMetric(trial: Trial): Promise<Outcome> {
  const group = await trial.cluster.find(`/apis/${customMetrics}`);
  const version = textAt(group, "preferredVersion", "groupVersion");
  if (version === "")
    return notApplicable(`The cluster serves no ${customMetrics}.`, adapterRemedy);
  const served = (await trial.cluster.resources(version)) ?? [];
  const wanted = trial.options.metric;
  const metric = served
    .filter((name) => name.startsWith("pods/"))
    .map((name) => name.slice("pods/".length))
    .find((name) => (wanted === undefined ? name.startsWith("whorl") : name === wanted));
  if (metric === undefined) {
    const what = wanted ?? "whose name begins with whorl";
    return notApplicable(`${version} has no metric of pods ${what}.`, adapterRemedy);
  }
  return await scaledUnderLoad(trial, metric);
}

const asksAtOnce = 8;

async function scaledUnderLoad(trial: Trial, metric: string): Promise<Outcome> {
  const name = "loaded";
  await trial.app(name);
  const all = trial.group("autoscaling/v2", "horizontalpodautoscalers");
  const target = { type: "AverageValue", averageValue: "1" };
  const pods = { type: "Pods", pods: { metric: { name: metric }, target } };
  await trial.cluster.create(all, autoscaler(name, [pods]));
  let asked = 0;
  const scaled = await trial.until(
    () => `the autoscaler to add a pod, by ${metric}`,
    async () => {
      await Promise.all(Array.from({ length: asksAtOnce }, () => trial.ask(name)));
      asked += asksAtOnce;
      const found = await trial.cluster.get(`${all}/${name}`);
      return numberAt(found, "status", "desiredReplicas") > 1 ? found : undefined;
    },
  );
  const app = await trial.until(
    () => "the second pod to be ready",
    async () => {
      const found = await trial.cluster.get(trial.apps(name));
      return numberAt(found, "status", "readyReplicas") > 1 ? found : undefined;
    },
  );
  const value = textAt(
    listAt(scaled, "status", "currentMetrics")[0],
    "pods",
    "current",
    "averageValue",
  );
  return passed(
    `After ${asked} requests ${metric} was ${value || "above its target"} with a target of 1.`,
    `The autoscaler wanted ${numberAt(scaled, "status", "desiredReplicas")} pods; ` +
      `${numberAt(app, "status", "readyReplicas")} are ready.`,
  );
}

import { isKubeError } from "../../operator/kube/kube-error.ts";
import type { Check, Outcome } from "./check.ts";
import { failed, notApplicable, passed } from "./check.ts";
import {
  conditionOf,
  controllerText,
  isTrue,
  listAt,
  nameOf,
  numberAt,
  at,
  textAt,
} from "./read-json.ts";
import { spinApp } from "./trial.ts";
import type { Trial } from "./trial.ts";

const item = "operator/robust_controller";
const lease = "90ba2d18.spinkube.dev";
const leases = "/apis/coordination.k8s.io/v1/leases";
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** CRDs, validation, reconciling, and what an operator has to survive. */
export const operatorChecks: readonly Check[] = [
  {
    ...{ name: "operator runs", item, run: operatorRuns },
    claim: "One process of the operator leads, and its Deployment is available.",
  },
  {
    ...{ name: "definitions", item, run: definitionsServed },
    claim: "The CRDs are established, structural, and have status and scale.",
  },
  {
    ...{ name: "validation", item, run: wrongAppsRefused },
    claim: "The API server refuses custom resources that cannot be, and says why.",
  },
  {
    ...{ name: "reconciling", item, run: appReconciled },
    claim: "A custom resource becomes a Deployment, a Service and a Ready condition.",
  },
  {
    ...{ name: "drift", item, run: driftUndone },
    claim: "What somebody deletes or changes below a custom resource comes back.",
  },
  {
    ...{ name: "recovery", item, run: recoversFromKill, isDisruptive: true },
    claim: "When the leading process is killed, another one goes on with the work.",
  },
  {
    ...{ name: "deletion", item, run: deletedWhole },
    claim: "What was made for a custom resource goes with it.",
  },
];

/** The lease that tells who leads, of whichever namespace the operator is in. */
async function findLease({ cluster }: Trial): Promise<unknown> {
  const all = await cluster.list(leases, { fieldSelector: `metadata.name=${lease}` });
  return all[0];
}

function holderOf(found: unknown): string {
  return textAt(found, "spec", "holderIdentity");
}

async function operatorRuns(trial: Trial): Promise<Outcome> {
  const found = await findLease(trial);
  const remedy = "Install the operator: helm install whorl deploy/chart.";
  if (found === undefined) return failed(`No Lease ${lease} in any namespace.`, remedy);
  const namespace = textAt(found, "metadata", "namespace");
  const holder = holderOf(found);
  const deployments = await trial.cluster.list(
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
    { labelSelector: "app.kubernetes.io/component=operator" },
  );
  const available = deployments.filter((each) => isTrue(conditionOf(each, "Available")));
  if (available.length === 0) {
    return failed(`No available Deployment of an operator in the namespace ${namespace}.`, remedy);
  }
  return passed(
    `The Lease ${namespace}/${lease} is held by ${holder}.`,
    ...available.map((each) => {
      const image = textAt(each, "spec", "template", "spec", "containers", 0, "image");
      const ready = numberAt(each, "status", "readyReplicas");
      return `The Deployment ${namespace}/${nameOf(each)} has ${ready} ready pods of ${image}.`;
    }),
  );
}

async function definitionsServed({ cluster }: Trial): Promise<Outcome> {
  const evidence: string[] = [];
  for (const plural of ["spinapps", "spinappexecutors"]) {
    const name = `${plural}.core.spinkube.dev`;
    const found = await cluster.find(`${definitions}/${name}`);
    if (found === undefined || !isTrue(conditionOf(found, "Established"))) {
      return failed(`${name} is not established.`, "Install deploy/crds, or the chart.");
    }
    const wrong = conditionOf(found, "NonStructuralSchema");
    if (isTrue(wrong)) return failed(textAt(wrong, "message"), "Install deploy/crds again.");
    const version = listAt(found, "spec", "versions").find((each) => at(each, "served") === true);
    const parts = Object.keys(at(version, "subresources") ?? {}).toSorted();
    evidence.push(
      `${name} ${textAt(version, "name")} is established and structural; ` +
        `subresources: ${parts.join(", ") || "none"}.`,
    );
  }
  const scale = evidence[0]?.includes("scale") === true && evidence[0].includes("status");
  return scale
    ? passed(...evidence)
    : failed(evidence.join(" "), "These CRDs are of another operator: install deploy/crds.");
}

/** Specs that cannot be, by what is wrong with them. */
const wrongSpecs: Readonly<Record<string, object>> = {
  "without an image": { image: "" },
  "with -1 replicas": { replicas: -1 },
  "with an unknown type of service": { service: { type: "Nothing" } },
  "with a variable that has two values": {
    variables: [{ name: "a", value: "1", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
  },
};

async function wrongAppsRefused(trial: Trial): Promise<Outcome> {
  const evidence: string[] = [];
  const taken: string[] = [];
  for (const [what, wrong] of Object.entries(wrongSpecs)) {
    const { image, executor } = trial.options;
    const app = spinApp("refused", { image, executor, replicas: 1, ...wrong });
    try {
      await trial.cluster.create(trial.apps(), app, { dryRun: "All" });
      taken.push(what);
    } catch (error) {
      if (!isKubeError(error, "Invalid", "Forbidden", "BadRequest")) throw error;
      evidence.push(`An app ${what} is refused: ${error.message.replace(/^[^:]*: /, "")}`);
    }
  }
  const hooks = await trial.cluster.list(
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
  );
  const ours = hooks.filter((each) => JSON.stringify(each).includes("core.spinkube.dev"));
  evidence.push(
    ours.length === 0
      ? "No webhook takes part: the rules are in the CRD, and hold while no operator runs."
      : `Webhooks take part: ${ours.map(nameOf).join(", ")}.`,
  );
  if (taken.length === 0) return passed(...evidence);
  return failed(`An app ${taken.join(", and one ")} is taken.`, "Install deploy/crds.");
}

async function appReconciled(trial: Trial): Promise<Outcome> {
  const app = await trial.subject();
  const name = nameOf(app);
  const made = [
    ["Deployment", trial.group("apps/v1", "deployments", name)],
    ["Service", trial.core("services", name)],
  ] as const;
  const evidence = [`Ready: ${textAt(conditionOf(app, "Ready"), "message")}.`];
  for (const [kind, path] of made) {
    const owner = controllerText(await trial.cluster.get(path));
    if (owner !== `SpinApp/${name}`) {
      return failed(`The ${kind} ${name} belongs to ${owner ?? "nobody"}.`, "Delete it.");
    }
    evidence.push(`The ${kind} ${name} belongs to the SpinApp.`);
  }
  const { status } = await trial.ask(name);
  evidence.push(`GET / through the Service is answered with ${status}.`);
  if (status < 500) return passed(...evidence);
  return failed(`GET / is answered with ${status}.`, "Name an --image that answers at /.");
}

async function driftUndone(trial: Trial): Promise<Outcome> {
  const { cluster } = trial;
  const name = nameOf(await trial.subject());
  const service = trial.core("services", name);
  const before = textAt(await cluster.get(service), "metadata", "uid");
  await cluster.delete(service);
  const again = await trial.until(
    () => "the Service to be made again",
    async () => {
      const found = textAt(await cluster.find(service), "metadata", "uid");
      return found === "" || found === before ? undefined : found;
    },
  );
  const deployment = trial.group("apps/v1", "deployments", name);
  const image = (found: unknown): string =>
    textAt(found, "spec", "template", "spec", "containers", 0, "image");
  const wanted = image(await cluster.get(deployment));
  await cluster.patch(deployment, { spec: { replicas: 3 } });
  await trial.until(
    () => "the Deployment to be put back to 1 replica",
    async () => numberAt(await cluster.get(deployment), "spec", "replicas") === 1 || undefined,
  );
  await trial.until(
    () => "the pods that were too many to go",
    async () => (await trial.pods(name)).length === 1 || undefined,
  );
  return passed(
    `The Service was deleted, and is there again as ${again}.`,
    `The Deployment of ${wanted} was scaled by hand, and put back.`,
  );
}

async function recoversFromKill(trial: Trial): Promise<Outcome> {
  const { cluster } = trial;
  const name = nameOf(await trial.subject());
  const found = await findLease(trial);
  const namespace = textAt(found, "metadata", "namespace");
  const holder = holderOf(found);
  const pod = holder.split("_", 1)[0] ?? "";
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}`;
  if ((await cluster.find(path)) === undefined) {
    return notApplicable(
      `The holder of the Lease, ${holder}, is no pod of this cluster.`,
      "Run the operator in the cluster: helm install whorl deploy/chart.",
    );
  }
  const beganMs = performance.now();
  await cluster.delete(path, { gracePeriodSeconds: 0 });
  await cluster.patch(trial.apps(name), {
    spec: { podLabels: { "conformance.whorl.dev/after": "kill" } },
  });
  await trial.ready(name);
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
  const next = holderOf(await findLease(trial));
  if (next === holder) return failed(`${holder} leads still.`, "Look at the operator's log.");
  return passed(
    `The leading pod ${namespace}/${pod} was killed; ${next} leads now.`,
    `A change made meanwhile was carried out ${seconds} s after the kill.`,
  );
}

async function deletedWhole(trial: Trial): Promise<Outcome> {
  const name = "passing";
  await trial.app(name);
  await trial.cluster.delete(trial.apps(name));
  const paths = [
    trial.apps(name),
    trial.group("apps/v1", "deployments", name),
    trial.core("services", name),
  ];
  for (const path of paths) {
    await trial.until(
      () => `${path} to go`,
      async () => ((await trial.cluster.find(path)) === undefined ? true : undefined),
    );
  }
  return passed("The SpinApp, its Deployment and its Service are gone, nothing holds them back.");
}

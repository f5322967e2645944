import type { Check, Outcome } from "./check.ts";
import { failed, notApplicable, passed } from "./check.ts";
import { listAt, nameOf, textAt } from "./read-json.ts";
import type { Trial } from "./trial.ts";

const item = "observability/ai_service_metrics";

/** Metrics in the format of Prometheus, without a line of code in the app. */
export const metricsChecks: readonly Check[] = [
  {
    ...{ name: "metrics of an app", item, run: appCounted },
    claim: "Requests of an app are counted, and offered in the format of Prometheus.",
  },
  {
    ...{ name: "port of the metrics", item, run: portNamed },
    claim: "Pods name the port, so that a scraper finds it.",
  },
  {
    ...{ name: "scraper", item, run: scraperThere },
    claim: "Something in the cluster scrapes pods of apps.",
  },
];

const asks = 5;

async function appCounted(trial: Trial): Promise<Outcome> {
  const name = nameOf(await trial.subject());
  const before = await trial.requests(name);
  for (let count = 0; count < asks; count++) await trial.ask(name);
  const after = await trial.requests(name);
  const grown = after - before;
  if (grown < asks) {
    return failed(
      `After ${asks} requests whorl_requests_total has grown by ${grown}.`,
      "The app's pods have to run under Whorl: look at its RuntimeClass.",
    );
  }
  return passed(
    `whorl_requests_total of ${name} was ${before}, and ${after} after ${asks} requests.`,
  );
}

async function portNamed(trial: Trial): Promise<Outcome> {
  const [pod] = await trial.pods(nameOf(await trial.subject()));
  const port = listAt(pod, "spec", "containers", 0, "ports").find(
    (each) => textAt(each, "name") === "metrics",
  );
  if (port === undefined) {
    return failed("The pod has no port called metrics.", "Install Whorl's operator and CRDs.");
  }
  return passed(`The pod ${nameOf(pod)} has the port ${JSON.stringify(port)}.`);
}

async function scraperThere({ cluster }: Trial): Promise<Outcome> {
  const monitors = "monitoring.coreos.com/v1";
  if ((await cluster.resources(monitors)) === undefined) {
    return notApplicable(
      "The Prometheus Operator is not here.",
      "Install it and apply deploy/monitoring/pod-monitor.yaml, or let another scraper find the " +
        "port metrics of pods with the label core.spinkube.dev/app-name.",
    );
  }
  const all = await cluster.list(`/apis/${monitors}/podmonitors`);
  const ours = all.filter((each) => JSON.stringify(each).includes("core.spinkube.dev/app-name"));
  if (ours.length === 0) {
    return failed(
      "No PodMonitor selects pods of apps.",
      "Apply deploy/monitoring/pod-monitor.yaml in a namespace that Prometheus looks at.",
    );
  }
  return passed(`PodMonitors that select pods of apps: ${ours.map(nameOf).join(", ")}.`);
}

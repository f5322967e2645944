import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { chartFolder } from "../../deploy/chart-files.ts";
import { templateArguments } from "../../deploy/plain-manifests.ts";
import { definitionsOf, prometheusOperator } from "../operator/foreign-kinds.ts";
import { helm } from "../servers/helm.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
const definition = "podmonitors.monitoring.coreos.com";

beforeAll(async () => {
  const [text = ""] = definitionsOf(prometheusOperator);
  cluster.apply(text);
  await cluster.established(definition);
});

afterAll(() => {
  cluster.kubectl("delete", "customresourcedefinition", definition, "--wait=false");
});

/** @proves PodMonitor | of the operator and of the agent, by a switch of the chart */
test("the chart's PodMonitors are accepted by the Prometheus Operator's definition", () => {
  const settings = ["podMonitor.enabled=true", "podMonitor.tokenSecret.name=token"];
  const set = settings.flatMap((setting) => ["--set", setting]);
  const text = helm(["template", "whorl", chartFolder, ...templateArguments, ...set]);
  const items = parseAllDocuments(text)
    .map((document) => document.toJS() as { readonly kind: string } | null)
    .filter((manifest) => manifest?.kind === "PodMonitor");
  const said = cluster.dryRun(JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  expect(said.match(/podmonitor.* created \(server dry run\)/gu)).toHaveLength(2);
});

/** The conformance checks where a gateway, a queue and an API of custom metrics are there. */
import { cpSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Kueue } from "../../servers/kueue.ts";
import { TemporaryFolder } from "../../temporary-folder.ts";
import { CustomMetrics } from "../custom-metrics.ts";
import { checksThat, runConformance } from "../run-conformance.ts";
import { serveGatewayApi } from "../serve-gateway-api.ts";
import { sharedCluster } from "../shared-cluster.ts";

const cluster = sharedCluster();
/** The last report is kept here. */
const evidence = fileURLToPath(new URL("../../../.cache/evidence", import.meta.url));

test("gateway and queue: their checks pass too", { timeout: 300_000 }, async () => {
  await using _gateway = await serveGatewayApi(cluster);
  await using _kueue = await Kueue.start(cluster.access.kubeconfig);
  await using _metrics = await CustomMetrics.start(cluster);
  using folder = new TemporaryFolder({});
  const { exitCode, output, report } = await runConformance(cluster, folder.path);
  mkdirSync(evidence, { recursive: true });
  cpSync(folder.path, evidence, { recursive: true });
  expect([exitCode, output]).toEqual([0, expect.stringContaining(" 0 failed, 2 not applicable")]);
  expect(checksThat(report, "not applicable")).toEqual(["metrics server", "scraper"]);
  const items = ["networking/ai_inference", "schedulingOrchestration/gang_scheduling"];
  for (const { id, status, checks } of report.items.filter(({ id: each }) =>
    items.includes(each),
  )) {
    expect([id, status]).toEqual([id, "passed"]);
    for (const { name, evidence: lines } of checks) console.log(`${name}: ${lines.join(" ")}`);
  }
});

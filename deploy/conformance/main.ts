/** `npm run conformance`: evidence for the Kubernetes AI Conformance checklist, from a cluster. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openKube } from "../../cli/kube/kube-session.ts";
import { errorText, WhorlError } from "../../runtime/error.ts";
import { Cluster } from "./cluster.ts";
import { conformanceOptions, usage } from "./options.ts";
import type { ConformanceOptions } from "./options.ts";
import { nameOf, textAt } from "./read-json.ts";
import { conformanceReport, reportMarkdown } from "./report.ts";
import type { CheckResult, Circumstances } from "./report.ts";
import { allChecks, runChecks } from "./run-checks.ts";
import { Trial } from "./trial.ts";

const marks = { passed: "ok  ", failed: "FAIL", "not applicable": "-   " } as const;

function tell({ name, status, evidence, seconds }: CheckResult): void {
  const why = status === "passed" ? "" : `: ${evidence.join(" ")}`;
  console.log(`${marks[status]} ${name} (${seconds} s)${why}`);
}

async function circumstances(
  cluster: Cluster,
  { image, executor }: ConformanceOptions,
): Promise<Circumstances> {
  const version = await cluster.get("/version");
  const nodes = await cluster.list("/api/v1/nodes");
  const info = (node: unknown, key: string): string => textAt(node, "status", "nodeInfo", key);
  return {
    at: new Date().toISOString(),
    kubernetes: textAt(version, "gitVersion"),
    nodes: nodes.map(
      (node) =>
        `${nameOf(node)}: ${info(node, "operatingSystem")}/${info(node, "architecture")}, ` +
        `kubelet ${info(node, "kubeletVersion")}, ${info(node, "containerRuntimeVersion")}`,
    ),
    ...{ image, executor },
  };
}

/** Returns the exit code: 1 where a check has failed. */
async function run(options: ConformanceOptions): Promise<number> {
  const { kubeconfig, context } = options;
  const flags = { ...(kubeconfig && { kubeconfig }), ...(context && { context }) };
  await using cluster = new Cluster(openKube(flags, process.env).config);
  const where = await circumstances(cluster, options);
  await using trial = await Trial.open(cluster, options);
  console.log(`Trying ${cluster.host} in the namespace ${trial.namespace}`);
  const checks = allChecks.filter((each) => !options.isGentle || each.isDisruptive !== true);
  const report = conformanceReport(where, await runChecks(checks, trial, tell));
  mkdirSync(options.report, { recursive: true });
  writeFileSync(join(options.report, "conformance.md"), reportMarkdown(report));
  const json = `${JSON.stringify(report, null, 2)}\n`;
  writeFileSync(join(options.report, "conformance.json"), json);
  const { passed, failed, "not applicable": none } = report.counts;
  console.log(`${passed} passed, ${failed} failed, ${none} not applicable: conformance.md`);
  return failed === 0 ? 0 : 1;
}

try {
  const options = conformanceOptions(process.argv.slice(2));
  if (options === undefined) console.log(usage);
  else process.exitCode = await run(options);
} catch (error) {
  console.error(errorText(error));
  process.exitCode = error instanceof WhorlError && error.code === "usage" ? 2 : 1;
}

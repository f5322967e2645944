/** The conformance checks, and whorl's own commands, against a real API server and real pods. */
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { TemporaryFolder } from "../temporary-folder.ts";
import { CustomMetrics } from "./custom-metrics.ts";
import { app, health } from "./manifests.ts";
import { checksThat, runConformance, runProgram } from "./run-conformance.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
const command = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));

/** What this cluster does not have. */
const lacking = ["metrics server", "queue", "scraper", "weighted split and routing by a header"];

test("every check that the cluster allows passes; the others say what to install", async () => {
  await using _metrics = await CustomMetrics.start(cluster);
  using folder = new TemporaryFolder({});
  const { exitCode, output, report, page } = await runConformance(cluster, folder.path);
  expect([exitCode, output]).toEqual([0, expect.stringContaining(" 0 failed, 4 not applicable")]);
  expect(checksThat(report, "not applicable")).toEqual(lacking.toSorted());
  expect(checksThat(report, "passed")).toContain("autoscaling on a custom metric");
  for (const check of report.items.flatMap(({ checks }) => checks)) {
    expect(check.evidence.join("")).not.toBe("");
    expect("remedy" in check).toBe(check.status !== "passed");
  }
  expect(page).toMatch(/^- .*whorl_requests_per_second.* with a target of 1\.$/m);
  // Nothing of it stays.
  const left = cluster.kubectl(
    ...["get", "namespaces", "-l", "app.kubernetes.io/part-of=whorl-conformance"],
    ...["-o", "jsonpath={.items[?(@.status.phase=='Active')].metadata.name}"],
  );
  expect(left).toBe("");
});

test("whorl top reads the pods of a namespace through the API server", async () => {
  using place = cluster.namespace();
  place.apply(app("seen", "hello:1", `replicas: 2, telemetry: {metricsPort: 9464}, ${health}`));
  place.ready("seen");
  const ended = new AbortController();
  const asking = (async () => {
    const url = `http://${place.service("seen")}/`;
    while (!ended.signal.aborted) {
      await place.fetch(url);
      await delay(10);
    }
  })();
  try {
    await vi.waitFor(
      async () => {
        const where = ["--cluster", "-n", place.name, "--count", "1", "--output", "json"];
        const { exitCode, output } = await runProgram(cluster, [
          command,
          "top",
          ...where,
          "--by",
          "pod",
        ]);
        expect(exitCode).toBe(0);
        const { rows } = JSON.parse(output) as {
          rows: { app: string; requestsPerSecond: number }[];
        };
        const pods = place.field("pods", "{.items[*].metadata.name}").split(" ");
        expect(rows.map((row) => row.app).toSorted()).toEqual(pods.toSorted());
        // Connections are kept, so that not every pod has something to do.
        const perSecond = rows.reduce((sum, row) => sum + row.requestsPerSecond, 0);
        expect(perSecond).toBeGreaterThan(0);
      },
      { timeout: 40_000, interval: 500 },
    );
  } finally {
    ended.abort();
    await asking;
  }
});

/**
 * `npm test`: runs the tiers in order and ends with a table and one line of counts. Names of tiers
 * as arguments run just those. With CI=true a tier that cannot run is a failure.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { clusterObstacle, prepareClusterTier } from "./cluster/prepare.ts";
import { operatorObstacle, prepareOperatorTier } from "./operator/prepare.ts";
import { chromiumObstacle } from "./servers/chromium.ts";
import { containerdObstacle } from "./servers/containerd.ts";
import { programObstacle } from "./servers/debian-package.ts";
import { registryObstacle } from "./servers/docker-registry.ts";
import { elasticMqObstacle } from "./servers/elasticmq.ts";
import { mariadbObstacle } from "./servers/mariadb.ts";
import { mosquittoObstacle } from "./servers/mosquitto.ts";
import { collectorObstacle, prepareCollector } from "./servers/otel-collector.ts";
import { postgresObstacle } from "./servers/postgres.ts";
import { prometheusObstacle } from "./servers/prometheus.ts";
import { redisObstacle } from "./servers/redis.ts";

interface Tier {
  /** Runs only when it is named. */
  readonly isExtra?: boolean;
  /** Name of the vitest project. */
  readonly name: string;
  readonly about: string;
  /** Why it cannot run here, undefined where it can. */
  readonly obstacle: () => string | undefined;
  /** Builds that would take longer than a test may wait. */
  readonly prepare?: () => Promise<void> | void;
}

interface Outcome {
  readonly tier: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly note: string;
}

/** What vitest's json reporter says about a whole run. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));

const tiers: readonly Tier[] = [
  { name: "unit", about: "each part on its own", obstacle: () => undefined },
  {
    name: "integration",
    about: "whorl up as a process, over real components",
    obstacle: () => missing("wasm-apps/http-rust/http.wasm", "npm run build:rust") ?? notLinux(),
  },
  {
    name: "differential",
    about: "the same requests through another engine",
    obstacle: () => missing("node_modules/@bytecodealliance/jco", "npm ci") ?? notLinux(),
  },
  {
    name: "isolation",
    about: "secrets of one request looked for by later ones; fuzzing",
    obstacle: notLinux,
  },
  {
    name: "spin",
    about: "Spin's interfaces and triggers against real servers",
    obstacle: () =>
      notLinux() ??
      redisObstacle() ??
      mosquittoObstacle() ??
      postgresObstacle() ??
      mariadbObstacle() ??
      elasticMqObstacle(),
  },
  {
    name: "images",
    about: "images against a real registry",
    obstacle: () => notLinux() ?? registryObstacle() ?? programObstacle("skopeo", "skopeo"),
  },
  {
    name: "telemetry",
    about: "traces, metrics, top and tail of apps under load",
    obstacle: () => notLinux() ?? prometheusObstacle() ?? collectorObstacle(),
    prepare: prepareCollector,
  },
  {
    name: "console",
    about: "the console in a browser",
    obstacle: () => notLinux() ?? chromiumObstacle(),
  },
  {
    name: "operator",
    about: "API machinery and operator over a real kube-apiserver",
    obstacle: () => notLinux() ?? operatorObstacle(),
    prepare: prepareOperatorTier,
  },
  {
    name: "node",
    about: "the shim on real containerd",
    obstacle: () => notLinux() ?? containerdObstacle(),
  },
  {
    name: "cluster",
    about: "the chart, the samples and a rolling node on a real Kubernetes",
    obstacle: () => notLinux() ?? clusterObstacle(),
    prepare: prepareClusterTier,
  },
  {
    name: "cluster-long",
    about: "a hundred apps on a node, kro, Karpenter",
    isExtra: true,
    obstacle: () => notLinux() ?? clusterObstacle(),
    prepare: prepareClusterTier,
  },
];

function missing(path: string, remedy: string): string | undefined {
  return existsSync(join(root, path)) ? undefined : `${path} is missing: run ${remedy}`;
}

/** Memory of a server process is read from /proc. */
function notLinux(): string | undefined {
  return process.platform === "linux" ? undefined : `needs Linux, this is ${process.platform}`;
}

async function runTier(tier: Tier, strict: boolean): Promise<Outcome> {
  const obstacle = tier.obstacle();
  const nothing = { tier: tier.name, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  if (obstacle !== undefined && strict) return { ...nothing, failed: 1, note: obstacle };
  if (obstacle !== undefined) return { ...nothing, skipped: 1, note: `skipped: ${obstacle}` };
  console.log(`\n== ${tier.name}: ${tier.about}`);
  const startedMs = performance.now();
  await tier.prepare?.();
  const { report, status } = runVitest(tier.name);
  const seconds = (performance.now() - startedMs) / 1000;
  if (report === undefined) {
    return { ...nothing, failed: 1, seconds, note: `vitest ended with ${status} and no report` };
  }
  return { tier: tier.name, seconds, ...countsOf(report, status) };
}

function runVitest(project: string): { report: VitestReport | undefined; status: number | null } {
  const folder = mkdtempSync(join(tmpdir(), "whorl-test-"));
  try {
    const file = join(folder, "report.json");
    const args = ["node_modules/vitest/vitest.mjs", "run", "--project", project];
    args.push("--reporter=default", "--reporter=json", `--outputFile.json=${file}`);
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
    const text = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    return { report: text === undefined ? undefined : (JSON.parse(text) as VitestReport), status };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function countsOf(
  report: VitestReport,
  status: number | null,
): Pick<Outcome, "passed" | "failed" | "skipped" | "note"> {
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests;
  // A file that cannot be loaded, or an error outside any test, fails no single test.
  if (failed === 0 && status !== 0) {
    return { passed, skipped, failed: 1, note: `vitest ended with ${status}` };
  }
  if (passed + failed === 0) return { passed, skipped, failed: 1, note: "no test was found" };
  return { passed, skipped, failed, note: skipped > 0 ? "skipped tests are listed above" : "" };
}

function printTable(outcomes: readonly Outcome[]): void {
  const rows = outcomes.map(({ tier, passed, failed, skipped, seconds, note }) => [
    tier.padEnd(14),
    ...[passed, failed, skipped].map((count) => String(count).padStart(8)),
    seconds.toFixed(1).padStart(9),
    `  ${note}`,
  ]);
  console.log("\ntier            passed  failed skipped  seconds  note");
  for (const row of rows) console.log(row.join("").trimEnd());
}

function sum(outcomes: readonly Outcome[], key: "passed" | "failed" | "skipped"): number {
  return outcomes.reduce((total, outcome) => total + outcome[key], 0);
}

function chosenTiers(names: readonly string[]): readonly Tier[] {
  const unknown = names.filter((name) => !tiers.some((tier) => tier.name === name));
  if (unknown.length > 0) {
    const known = tiers.map((tier) => tier.name).join(", ");
    throw new Error(`no tier is called ${unknown.join(", ")}; there are ${known}`);
  }
  return tiers.filter((tier) => (names.length === 0 ? !tier.isExtra : names.includes(tier.name)));
}

const { positionals } = parseArgs({ allowPositionals: true });
const strict = process.env["CI"] === "true";
const outcomes: Outcome[] = [];
for (const tier of chosenTiers(positionals)) outcomes.push(await runTier(tier, strict));
printTable(outcomes);
const failed = sum(outcomes, "failed");
const skipped = sum(outcomes, "skipped");
const skippedText = skipped === 0 ? "" : `, ${skipped} skipped`;
const extra = tiers.filter(
  ({ isExtra, name }) => isExtra && !outcomes.some(({ tier }) => tier === name),
);
for (const { name, about } of extra)
  console.log(`not asked for: ${name} (${about}), npm test -- ${name}`);
console.log(`\n${sum(outcomes, "passed")} passed, ${failed} failed${skippedText}`);
process.exitCode = failed === 0 ? 0 : 1;

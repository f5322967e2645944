/**
 * `npm test`: runs the tiers in order and ends with a table and one line of counts. Names of tiers
 * as arguments run just those. With CI=true a tier that cannot run is a failure.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { EarlyBuilds } from "./early-builds.ts";
import { type Tier, tiers } from "./tiers.ts";

interface Outcome {
  readonly tier: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly note: string;
  /** Each with its file and what it said, as it is repeated below the table. */
  readonly failures: readonly string[];
}

/** What vitest's json reporter says about a whole run. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly VitestFile[];
}

interface VitestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}

const failureCharsMax = 1_500;

const root = fileURLToPath(new URL("..", import.meta.url));

async function runTier(tier: Tier, builds: EarlyBuilds): Promise<Outcome> {
  const obstacle = tier.obstacle();
  const nothing = { tier: tier.name, passed: 0, failed: 0, skipped: 0, seconds: 0, failures: [] };
  if (obstacle !== undefined && strict) return { ...nothing, failed: 1, note: obstacle };
  if (obstacle !== undefined) return { ...nothing, skipped: 1, note: `skipped: ${obstacle}` };
  console.log(`\n== ${tier.name}: ${tier.about}`);
  const startedMs = performance.now();
  await builds.of(tier);
  tier.prepare?.();
  const { report, status } = runVitest(tier.name);
  const seconds = (performance.now() - startedMs) / 1000;
  if (report === undefined) {
    return { ...nothing, failed: 1, seconds, note: `vitest ended with ${status} and no report` };
  }
  return { tier: tier.name, seconds, ...countsOf(report, status), failures: failuresIn(report) };
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

/** The last lines of a run are what somebody sees of it who has only its end. */
function failuresIn({ testResults }: VitestReport): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0 && status === "failed") return [failureText(file, message)];
    return failed.map(({ fullName, failureMessages }) =>
      failureText(`${file} > ${fullName}`, failureMessages.join("\n")),
    );
  });
}

function failureText(where: string, said: string): string {
  const plain = stripVTControlCharacters(said).slice(0, failureCharsMax);
  return `${where}\n${plain.replaceAll(/^/gmu, "    ")}`;
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
const chosen = chosenTiers(positionals);
{
  using builds = new EarlyBuilds(chosen);
  for (const tier of chosen) outcomes.push(await runTier(tier, builds));
}
printTable(outcomes);
for (const { tier, failures } of outcomes) {
  for (const failure of failures) console.log(`\nfailed in ${tier}: ${failure}`);
}
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

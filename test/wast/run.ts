/**
 * Runs the component model's reference tests: `node bin/node.js test/wast/run.ts FOLDER`. The
 * folder holds, at any depth, what `wasm-tools json-from-wast` makes of each script: a JSON file
 * and the binaries that it names.
 */
import { globSync } from "node:fs";
import { basename, join } from "node:path";
import { type CommandOutcome, runScript } from "./run-script.ts";
import { Script } from "./script.ts";

interface Totals {
  passed: number;
  failed: number;
  unsupported: number;
}

function count(outcomes: readonly CommandOutcome[]): Totals {
  const totals: Totals = { passed: 0, failed: 0, unsupported: 0 };
  for (const { outcome } of outcomes) totals[outcome.kind]++;
  return totals;
}

function row(name: string, { passed, failed, unsupported }: Totals): string {
  const cells = [passed, failed, unsupported].map((each) => String(each).padStart(8));
  return `${name.padEnd(56)}${cells.join("")}`;
}

async function main(folder: string | undefined): Promise<number> {
  if (folder === undefined) {
    console.error("usage: node bin/node.js test/wast/run.ts FOLDER");
    return 2;
  }
  const sum: Totals = { passed: 0, failed: 0, unsupported: 0 };
  console.log(`${"".padEnd(56)}  passed  failed  unsupp.`);
  for (const file of globSync("**/*.json", { cwd: folder }).sort()) {
    const outcomes = await runScript(new Script(join(folder, file)));
    const totals = count(outcomes);
    const name = basename(file, ".json");
    console.log(row(name, totals));
    for (const { command, outcome } of outcomes) {
      if (outcome.kind === "passed") continue;
      const { line, type } = command;
      console.log(`    line ${line}, ${type}: ${outcome.kind}: ${outcome.reason}`);
    }
    sum.passed += totals.passed;
    sum.failed += totals.failed;
    sum.unsupported += totals.unsupported;
  }
  console.log(row("all", sum));
  return sum.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv[2]);

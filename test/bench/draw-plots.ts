/** `npm run bench:plots`: draws docs/performance/*.svg from the newest raw results. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { distributionPlot } from "./plot.ts";
import type { Series } from "./plot.ts";
import { resultsFolder } from "./report.ts";

const plots = fileURLToPath(new URL("../../docs/performance/", import.meta.url));

/** The parts of raw results that are drawn. */
interface ColdResults {
  readonly raw: readonly {
    readonly kind: string;
    readonly ms: readonly number[];
    readonly floorMs: readonly number[];
  }[];
}

interface NoisyResults {
  readonly results: readonly { readonly name: string; readonly floodedMs: readonly number[] }[];
}

/** Results of the newest run, undefined where there was none. */
function newest(name: string): unknown {
  const files = readdirSync(resultsFolder).filter((file) => file.startsWith(`${name}-2`));
  const last = files.toSorted((a, b) => (a < b ? -1 : 1)).at(-1);
  return last === undefined
    ? undefined
    : JSON.parse(readFileSync(join(resultsFolder, last), "utf8"));
}

function draw(name: string, title: string, series: readonly Series[]): void {
  const file = join(plots, `${name}.svg`);
  writeFileSync(file, distributionPlot({ title, unit: "milliseconds", series }));
  console.log(file);
}

mkdirSync(plots, { recursive: true });
const cold = newest("cold") as ColdResults | undefined;
if (cold !== undefined) {
  const floor = { name: "node:http, idle", values: cold.raw.flatMap(({ floorMs }) => floorMs) };
  const kinds = cold.raw.map(({ kind, ms }) => ({ name: kind, values: ms }));
  draw("cold", "Idle app: connect to first byte", [...kinds, floor]);
}
const noisy = newest("noisy") as NoisyResults | undefined;
if (noisy !== undefined) {
  const series = noisy.results.map(({ name, floodedMs }) => ({ name, values: floodedMs }));
  draw("noisy", "A quiet app while another one is flooded", series);
}
const density = newest("density") as { readonly raw: readonly number[] } | undefined;
if (density !== undefined) {
  draw("density", "First byte of each of many idle apps", [{ name: "whorl", values: density.raw }]);
}

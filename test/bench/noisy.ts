/**
 * `npm run bench:noisy`: how long a quiet app takes to answer while another one is flooded. Both in
 * one `whorl up --dir` on one core; beside it a process for each app on the same core (node:http
 * without any guest, `wasmtime serve`), and as root on Linux two pods on the same core, with runc
 * and with Whorl.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wasmApp } from "../whorl-process.ts";
import { findContestants } from "./contestants.ts";
import { measurePair } from "./noisy-pair.ts";
import type { MeasuredPair, Pair, Target } from "./noisy-pair.ts";
import { NoisyPods, runcVersion } from "./noisy-pods.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { Served } from "./served.ts";
import { ServedFolder } from "./served-folder.ts";

const serverCore = 0;
const loadCore = 1;
const address = "127.0.0.1";

function targetOf({ url }: Served): Target {
  return { address, port: Number(new URL(url).port), host: "quiet.localhost" };
}

/** What is measured, and what it was measured with. */
interface Measurement {
  readonly results: MeasuredPair[];
  readonly versions: Record<string, string>;
}

async function measureProcesses(
  folder: string,
  { results, versions }: Measurement,
  seconds: number,
): Promise<void> {
  for (const contestant of findContestants(folder)) {
    if ("remedy" in contestant) {
      console.log(`Without ${contestant.name}; to have it: ${contestant.remedy}`);
      continue;
    }
    if (contestant.name === "whorl up") continue;
    const hello = wasmApp("hello-rust/hello.wasm");
    await using flooded = await Served.start(contestant, hello, serverCore);
    await using quiet = await Served.start(contestant, hello, serverCore);
    versions[contestant.name] = contestant.version;
    const name = `two processes, ${contestant.name}`;
    const pair = { name, flooded: targetOf(flooded), quiet: targetOf(quiet) };
    results.push(await measurePair(pair, { seconds, loadCore }));
  }
}

async function measurePods({ results, versions }: Measurement, seconds: number): Promise<void> {
  const obstacle = NoisyPods.obstacle();
  if (obstacle !== undefined) {
    console.log(`Without pods; to have them: ${obstacle}`);
    return;
  }
  await using pods = await NoisyPods.start(serverCore);
  versions["runc"] = runcVersion();
  await pods.each(async (pair) => {
    results.push(await measurePair(pair, { seconds, loadCore }));
  });
}

function tell(report: Report, results: readonly MeasuredPair[]): void {
  for (const { name, alone, flooded, floodPerSecond } of results) {
    report.line(`${name}, alone`, `p50 ${shown(alone.p50)} ms, p99 ${shown(alone.p99)} ms`);
    report.line(
      "  while the other one is flooded",
      `p50 ${shown(flooded.p50)} ms, p99 ${shown(flooded.p99)} ms (${shown(floodPerSecond)} answers/s)`,
    );
  }
  const [ours, ...others] = results;
  if (ours === undefined) throw new Error("nothing was measured");
  const measured = ours.flooded.p99;
  report.verdict({ figure: "quiet app, p99", measured, unit: "ms", reach: { atMost: 5 } });
  for (const { name, flooded } of others) {
    report.line(`ours / ${name}, p99`, `${shown(measured / flooded.p99)}x`);
    if (!name.includes("node:http")) continue;
    const figure = `quiet app, p99, against ${name}`;
    report.verdict({ figure, measured: measured / flooded.p99, unit: "x", reach: { atMost: 1 } });
  }
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    "without-rivals": { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const folder = mkdtempSync(join(tmpdir(), "whorl-noisy-"));
try {
  const apps = join(folder, "apps");
  mkdirSync(apps);
  for (const name of ["flooded", "quiet"]) {
    copyFileSync(wasmApp("hello-rust/hello.wasm"), join(apps, `${name}.wasm`));
  }
  const measurement: Measurement = { results: [], versions: { whorl: whorlVersion() } };
  const { results, versions } = measurement;
  await using served = await ServedFolder.start({
    ...{ folder: apps, cache: join(folder, "cache"), cores: `${serverCore}` },
  });
  await served.prepared();
  const target = (host: string): Target => ({ address, port: served.port, host });
  const pair: Pair = {
    ...{ name: "whorl up --dir", flooded: target("flooded.localhost") },
    quiet: target("quiet.localhost"),
  };
  const report = new Report({ name: "noisy", versions, commands: [served.command] });
  results.push(await measurePair(pair, { seconds, loadCore }));
  if (!values["without-rivals"]) {
    await measureProcesses(folder, measurement, seconds);
    await measurePods(measurement, seconds);
  }
  tell(report, results);
  report.end({ results });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

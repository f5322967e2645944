/**
 * `npm run bench:noisy`: how long a quiet app takes to answer while another one is flooded. Both in
 * one `whorl up --dir` on one core; beside it a process for each app on the same core, as pods have
 * it: node:http without any guest, and `wasmtime serve`.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { wasmApp } from "../whorl-process.ts";
import { findContestants } from "./contestants.ts";
import { firstByte } from "./first-byte.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { Served } from "./served.ts";
import { ServedFolder } from "./served-folder.ts";
import { summary } from "./statistics.ts";
import type { Summary } from "./statistics.ts";
import { floodWithWrk } from "./wrk-flood.ts";

const serverCore = 0;
const loadCore = 1;
const floodConnections = 64;
const everyMs = 10;
const warmUpSeconds = 3;

/** Two apps and how they are asked. */
interface Pair {
  readonly name: string;
  readonly flooded: { readonly port: number; readonly host: string };
  readonly quiet: { readonly port: number; readonly host: string };
}

interface Measured {
  readonly name: string;
  readonly alone: Summary;
  readonly flooded: Summary;
  /** Raw, of the quiet app while the other one is flooded. */
  readonly floodedMs: readonly number[];
  /** Answers of the flooded app in a second. */
  readonly floodPerSecond: number;
}

async function ask({ quiet }: Pair, untilMs: number): Promise<number[]> {
  const times: number[] = [];
  while (performance.now() < untilMs) {
    const { ms, status } = await firstByte(quiet.port, quiet.host);
    if (status !== 200) throw new Error(`the quiet app answered ${status}`);
    times.push(ms);
    await delay(everyMs);
  }
  return times;
}

async function measure(pair: Pair, seconds: number): Promise<Measured> {
  const flood = (duration: number): ReturnType<typeof floodWithWrk> =>
    floodWithWrk({
      ...{ url: `http://127.0.0.1:${pair.flooded.port}/`, host: pair.flooded.host },
      ...{ connections: floodConnections, seconds: duration, core: loadCore },
    });
  await flood(warmUpSeconds);
  const alone = await ask(pair, performance.now() + seconds * 1000);
  const flooding = flood(seconds + 2);
  await delay(1000);
  const flooded = await ask(pair, performance.now() + seconds * 1000);
  const { requestsPerSecond } = await flooding;
  return {
    ...{ name: pair.name, floodPerSecond: requestsPerSecond, floodedMs: flooded },
    ...{ alone: summary(alone), flooded: summary(flooded) },
  };
}

function portOf({ url }: Served): { readonly port: number; readonly host: string } {
  return { port: Number(new URL(url).port), host: "quiet.localhost" };
}

const { values } = parseArgs({ options: { seconds: { type: "string", default: "20" } } });
const folder = mkdtempSync(join(tmpdir(), "whorl-noisy-"));
try {
  const hello = wasmApp("hello-rust/hello.wasm");
  const apps = join(folder, "apps");
  mkdirSync(apps);
  for (const name of ["flooded", "quiet"]) copyFileSync(hello, join(apps, `${name}.wasm`));
  await using stack = new AsyncDisposableStack();
  const served = stack.use(
    await ServedFolder.start({
      folder: apps,
      cache: join(folder, "cache"),
      cores: `${serverCore}`,
    }),
  );
  await served.prepared();
  const { port } = served;
  const pairs: Pair[] = [
    {
      name: "whorl up --dir",
      flooded: { port, host: "flooded.localhost" },
      quiet: { port, host: "quiet.localhost" },
    },
  ];
  const versions: Record<string, string> = { whorl: whorlVersion() };
  for (const contestant of findContestants(folder)) {
    if ("remedy" in contestant) {
      console.log(`Without ${contestant.name}; to have it: ${contestant.remedy}`);
      continue;
    }
    if (contestant.name === "whorl up") continue;
    const flooded = stack.use(await Served.start(contestant, hello, serverCore));
    const quiet = stack.use(await Served.start(contestant, hello, serverCore));
    versions[contestant.name] = contestant.version;
    const name = `two processes, ${contestant.name}`;
    pairs.push({ name, flooded: portOf(flooded), quiet: portOf(quiet) });
  }
  const report = new Report({ name: "noisy", versions, commands: [served.command] });
  const results: Measured[] = [];
  for (const pair of pairs) results.push(await measure(pair, Number(values.seconds)));
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
  report.end({ results });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

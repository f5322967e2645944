/**
 * `npm run bench:growth`: what an answer costs (processor time of the server) as apps, connections
 * that ask, and connections that say nothing become more. Beside it, where they can, the others.
 * Servers have core 0, who asks core 1.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { wasmApp } from "../whorl-process.ts";
import { builtKinds, writeVariants } from "./app-kinds.ts";
import { findContestants } from "./contestants.ts";
import type { Curve } from "./curve-plot.ts";
import { firstByte } from "./first-byte.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { Served } from "./served.ts";
import { processorSeconds, ServedFolder } from "./served-folder.ts";
import { SilentConnections } from "./silent-connections.ts";
import { median } from "./statistics.ts";
import { floodWithWrk, UnreachableError } from "./wrk-flood.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    /** Of apps and connections; fewer to see that it works. */
    most: { type: "string", default: "10000" },
  },
});
const rounds = Number(values.rounds);

const serverCore = 0;
const loadCore = 1;
/** Of those that ask while others are silent. */
const asking = 16;
const appCounts = upToMost(1, 10, 100, 1_000);
const connectionCounts = upToMost(1, 4, 16, 64, 256, 1_024);
/** With those that ask no more than `whorl up` takes (`limits.connectionsMax` of the runtime). */
const silentCounts = upToMost(1, 100, 1_000, 9_000);
/** Clients that ask apps in turn, each over new connections. */
const clients = 4;
const askedMin = 2_000;

function upToMost(...counts: readonly number[]): number[] {
  return counts.filter((count) => count <= Number(values.most));
}

type Point = readonly [count: number, us: number];

/** Microseconds of the server's processor time for each answer; undefined where some failed. */
async function costUs(
  served: Served,
  connections: number,
  seconds: number,
): Promise<number | undefined> {
  const before = served.cpuSeconds();
  const flood = { url: served.url, connections, seconds, core: loadCore };
  const result = await floodWithWrk(flood).catch((error: unknown) => {
    if (error instanceof UnreachableError) return undefined;
    throw error;
  });
  if (result === undefined || result.errors > 0 || result.requestsPerSecond === 0) return undefined;
  const { requestsPerSecond } = result;
  return ((served.cpuSeconds() - before) * 1e6) / (requestsPerSecond * seconds);
}

/** Medians of some rounds, in which the servers take turns; not a number where all failed. */
async function compare(
  servers: readonly Served[],
  measure: (served: Served) => Promise<number | undefined>,
): Promise<number[]> {
  const measured = servers.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, served] of servers.entries()) {
      const us = await measure(served);
      if (us !== undefined) measured[index]?.push(us);
    }
  }
  return measured.map(median);
}

async function compareServers(
  report: Report,
  folder: string,
  seconds: number,
): Promise<Record<string, Curve[]>> {
  await using stack = new AsyncDisposableStack();
  const servers: Served[] = [];
  for (const each of findContestants(folder)) {
    if ("remedy" in each) console.log(`Without ${each.name}; to have it: ${each.remedy}`);
    else {
      const hello = wasmApp("hello-rust/hello.wasm");
      servers.push(stack.use(await Served.start(each, hello, serverCore)));
    }
  }
  // Warms up.
  await compare(servers, async (served) => await costUs(served, asking, 1));
  const connections = servers.map((): Point[] => []);
  for (const count of connectionCounts) {
    const us = await compare(servers, async (served) => await costUs(served, count, seconds));
    for (const [index, each] of us.entries()) connections[index]?.push([count, each]);
  }
  const silent = servers.map((): Point[] => []);
  for (const count of silentCounts) {
    const us = await compare(servers, async (served) => {
      await using open = await SilentConnections.open(served.url, count);
      if (open.closed > 0) return undefined;
      const cost = await costUs(served, asking, seconds);
      return open.closed > 0 ? undefined : cost;
    });
    for (const [index, each] of us.entries()) {
      silent[index]?.push([count, each]);
      if (!Number.isNaN(each)) continue;
      const what = `${servers[index]?.contestant.name ?? ""}, ${count} silent connections`;
      report.line(what, "does not take them, or answers nobody else meanwhile");
    }
  }
  const named = (points: readonly Point[][]): Curve[] =>
    servers.map(({ contestant }, index) => ({
      name: contestant.name,
      points: (points[index] ?? []).filter(([, us]) => !Number.isNaN(us)),
    }));
  return { connections: named(connections), silent: named(silent) };
}

/** All apps of a process are asked in turn, again and again; none of them twice in a row. */
async function costOfApps(folder: string, count: number): Promise<number> {
  const rust = builtKinds().find(({ name }) => name === "rust");
  if (rust === undefined) throw new Error("the hello in Rust is not there");
  const apps = join(folder, `apps-${count}`);
  const names = writeVariants(rust, apps, count);
  const cores = String(serverCore);
  await using served = await ServedFolder.start({ folder: apps, cache: join(folder, "c"), cores });
  await served.prepared();
  const ask = async (times: number): Promise<void> => {
    const turns = Array.from({ length: times }, (_, turn) => names[turn % count] ?? "").values();
    const client = async (): Promise<void> => {
      for (const name of turns) {
        const { status } = await firstByte(served.port, `${name}.localhost`);
        if (status !== 200) throw new Error(`${name} answered ${status}`);
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
  };
  const asked = Math.max(askedMin, count * 2);
  await ask(asked);
  const costs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = processorSeconds(served.pid);
    await ask(asked);
    costs.push(((processorSeconds(served.pid) - before) * 1e6) / asked);
  }
  return median(costs);
}

const folder = mkdtempSync(join(tmpdir(), "whorl-growth-"));
try {
  const report = new Report({
    name: "growth",
    versions: { whorl: whorlVersion() },
    commands: [
      `npm run bench:growth -- --rounds ${rounds} --seconds ${values.seconds}`,
      ...["whorl up hello.wasm", "whorl up --dir APPS"],
    ],
  });
  const apps: Point[] = [];
  for (const count of appCounts) apps.push([count, await costOfApps(folder, count)]);
  const { connections = [], silent = [] } = await compareServers(
    report,
    folder,
    Number(values.seconds),
  );
  const curves = { apps: [{ name: "whorl up --dir", points: apps }], connections, silent };
  const what = {
    apps: "apps, asked in turn over new connections",
    connections: "connections that ask",
    silent: `silent connections beside ${asking} that ask`,
  };
  for (const [kind, of] of Object.entries(curves)) {
    for (const { name, points } of of) {
      const text = points.map(([count, us]) => `${count}: ${shown(us)} µs`).join(", ");
      report.line(`${name}, ${what[kind as keyof typeof what]}`, text);
    }
  }
  report.end({ curves });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * `npm run bench:cold`: from connect to the first byte of the answer, of apps that nobody has asked
 * for a while. 200 distinct apps in one `whorl up --dir`, each asked over a new connection, in turn
 * with a bare node:http server that has idled as long. Beside it: an app whose digest the cache has
 * never seen, servers and pods started for the request.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { builtKinds, writeVariants } from "./app-kinds.ts";
import type { AppKind } from "./app-kinds.ts";
import { coldStages } from "./cold-stages.ts";
import { freshStarts } from "./fresh-starts.ts";
import { firstByte } from "./first-byte.ts";
import { IdleNodeServer } from "./idle-node-server.ts";
import { newDigests } from "./new-digests.ts";
import { podsFromZero } from "./pods-from-zero.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { processorSeconds, ServedFolder } from "./served-folder.ts";
import { summary } from "./statistics.ts";
import type { Summary } from "./statistics.ts";

/** Apps of each kind among so many. */
const shares: Readonly<Record<AppKind["name"], number>> = {
  rust: 0.5,
  javascript: 0.35,
  python: 0.15,
};
const serverCore = "0";
/** Between two requests, so that every thread has gone to sleep. */
const gapMs = 40;
/** Longer than an app keeps its instances after a request. */
const quietMs = 12_000;

interface Measured {
  readonly kind: AppKind["name"];
  readonly ms: number[];
  readonly floorMs: number[];
}

async function measureIdle(
  port: number,
  floor: IdleNodeServer,
  names: ReadonlyMap<AppKind["name"], readonly string[]>,
  rounds: number,
): Promise<Measured[]> {
  const measured = [...names.keys()].map((kind): Measured => ({ kind, ms: [], floorMs: [] }));
  for (let round = 0; round < rounds; round++) {
    await delay(quietMs);
    for (const each of measured) {
      for (const name of names.get(each.kind) ?? []) {
        await delay(gapMs);
        const ours = await firstByte(port, `${name}.localhost`);
        if (ours.status !== 200) throw new Error(`${name} answered ${ours.status}`);
        await delay(gapMs);
        const theirs = await firstByte(floor.port, "floor.localhost");
        // The first round has what every process does only once.
        if (round === 0) continue;
        each.ms.push(ours.ms);
        each.floorMs.push(theirs.ms);
      }
    }
  }
  return measured;
}

function text({ p50, p99, p10, p90 }: Summary): string {
  return `p50 ${shown(p50)} ms, p99 ${shown(p99)} ms (p10 ${shown(p10)}, p90 ${shown(p90)})`;
}

/** In milliseconds: p50 and p99 of the table. */
const reach: Readonly<Record<AppKind["name"], readonly [number, number]>> = {
  rust: [1, 5],
  javascript: [2.5, 8],
  python: [2.5, 8],
};
const overFloorMsMax = 0.5;

function judge(report: Report, { kind, ms, floorMs }: Measured): object {
  const ours = summary(ms);
  const floor = summary(floorMs);
  const [p50Max, p99Max] = reach[kind];
  report.line(`${kind}, idle app -> first byte`, text(ours));
  report.line("  node:http, idle as long", text(floor));
  report.line("  ours - floor, p50", `${shown(ours.p50 - floor.p50)} ms`);
  const figure = `${kind}, idle app -> first byte`;
  report.verdict({
    figure: `${figure}, p50`,
    measured: ours.p50,
    unit: "ms",
    reach: { atMost: p50Max },
  });
  report.verdict({
    figure: `${figure}, p99`,
    measured: ours.p99,
    unit: "ms",
    reach: { atMost: p99Max },
  });
  if (kind === "rust") {
    const measured = ours.p50 - floor.p50;
    const bound = { atMost: overFloorMsMax };
    report.verdict({ figure: `${figure}, over the floor`, measured, unit: "ms", reach: bound });
  }
  return { kind, ours, floor };
}

/** Where the time of the small kind goes, one request per app. */
async function reportStages(
  report: Report,
  served: ServedFolder,
  names: readonly string[],
): Promise<object> {
  const stages = await coldStages(served.pid, async () => {
    for (const name of names) {
      await delay(gapMs);
      await firstByte(served.port, `${name}.localhost`);
    }
  });
  if (stages === undefined) console.log("Without stages: there is no strace");
  for (const [stage, ms] of stages ?? []) report.line(`  until ${stage}, p50`, `${shown(ms)} ms`);
  return { stages };
}

const { values } = parseArgs({
  options: {
    apps: { type: "string", default: "200" },
    rounds: { type: "string", default: "5" },
    "without-rivals": { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "whorl-cold-"));
try {
  const kinds = builtKinds();
  const names = new Map(
    kinds.map((kind) => {
      const count = Math.max(1, Math.round(Number(values.apps) * shares[kind.name]));
      return [kind.name, writeVariants(kind, join(folder, "apps"), count)] as const;
    }),
  );
  const cache = join(folder, "cache");
  await using served = await ServedFolder.start({
    folder: join(folder, "apps"),
    cache,
    cores: serverCore,
  });
  const startedMs = performance.now();
  await served.prepared();
  const preparedMs = performance.now() - startedMs;
  await using floor = await IdleNodeServer.start(serverCore);
  const report = new Report({
    name: "cold",
    versions: { whorl: whorlVersion() },
    commands: [served.command, "node node-http-server.ts 0"],
  });
  report.line("apps", [...names].map(([kind, list]) => `${list.length} ${kind}`).join(", "));
  report.line("prepared in", `${shown(preparedMs / 1000)} s`);
  const usedBefore = processorSeconds(served.pid);
  const measured = await measureIdle(served.port, floor, names, Number(values.rounds) + 1);
  const usedSeconds = processorSeconds(served.pid) - usedBefore;
  const figures = measured.map((each) => judge(report, each));
  const stages = await reportStages(report, served, names.get("rust") ?? []);
  const fresh = await newDigests(report, { kinds, folder, cores: serverCore });
  const isAlone = values["without-rivals"];
  const rivals = isAlone ? [] : await freshStarts(report, kinds, serverCore);
  const pods = isAlone ? [] : await podsFromZero(report);
  report.end({ figures, ...stages, usedSeconds, preparedMs, fresh, rivals, pods, raw: measured });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

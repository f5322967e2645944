/**
 * `npm run bench:cold`: from connect to the first byte of the answer, of apps that nobody has asked
 * for a while. 200 distinct apps in one `whorl up --dir`, each asked over a new connection, in turn
 * with a bare node:http server that has idled as long. Beside it: apps with a warm snapshot, an app
 * whose digest the cache has never seen, servers and pods started for the request.
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
import { gapMs, judgeIdle, measureIdle } from "./idle-first-bytes.ts";
import type { NamesOf, Reach } from "./idle-first-bytes.ts";
import { IdleNodeServer } from "./idle-node-server.ts";
import { newDigests } from "./new-digests.ts";
import { podsFromZero } from "./pods-from-zero.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { processorSeconds, ServedFolder } from "./served-folder.ts";
import { warmIdle, warming } from "./warm-idle.ts";

/** Apps of each kind among so many. */
const shares: Readonly<Record<AppKind["name"], number>> = {
  rust: 0.5,
  javascript: 0.35,
  python: 0.15,
};
const serverCore = "0";
/** In milliseconds: p50 and p99 of the table. */
const reach: Readonly<Record<AppKind["name"], Reach>> = {
  rust: { p50MsMax: 1, p99MsMax: 5, overFloorMsMax: 0.5 },
  javascript: { p50MsMax: 2.5, p99MsMax: 8 },
  python: { p50MsMax: 2.5, p99MsMax: 8 },
};

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
  const names: NamesOf = new Map(
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
    commands: [
      served.command,
      [served.command, ...warming].join(" "),
      "node node-http-server.ts 0",
    ],
  });
  report.line("apps", [...names].map(([kind, list]) => `${list.length} ${kind}`).join(", "));
  report.line("prepared in", `${shown(preparedMs / 1000)} s`);
  const usedBefore = processorSeconds(served.pid);
  const rounds = Number(values.rounds) + 1;
  const measured = await measureIdle({ port: served.port, floor, names, rounds });
  const usedSeconds = processorSeconds(served.pid) - usedBefore;
  const figures = measured.map((each) => judgeIdle(report, each, reach[each.kind]));
  const stages = await reportStages(report, served, names.get("rust") ?? []);
  const warm = await warmIdle(report, { names, folder, cache, cores: serverCore, floor, rounds });
  const fresh = await newDigests(report, { kinds, folder, cores: serverCore });
  const isAlone = values["without-rivals"];
  const rivals = isAlone ? [] : await freshStarts(report, kinds, serverCore);
  const pods = isAlone ? [] : await podsFromZero(report);
  const idle = { figures, ...stages, usedSeconds, preparedMs, raw: measured };
  report.end({ ...idle, warm, fresh, rivals, pods });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

import { setTimeout as delay } from "node:timers/promises";
import type { AppKind } from "./app-kinds.ts";
import { firstByte } from "./first-byte.ts";
import type { IdleNodeServer } from "./idle-node-server.ts";
import { type Report, shown } from "./report.ts";
import { summary } from "./statistics.ts";
import type { Summary } from "./statistics.ts";

/** Between two requests, so that every thread has gone to sleep. */
export const gapMs = 40;
/** Longer than an app keeps its instances after a request. */
const quietMs = 12_000;

/** Of the apps of each kind. */
export type NamesOf = ReadonlyMap<AppKind["name"], readonly string[]>;

/** First bytes of one kind of apps, and those of the bare server, asked in turn. */
export interface IdleMeasured {
  readonly kind: AppKind["name"];
  readonly ms: number[];
  readonly floorMs: number[];
}

export interface IdleApps {
  readonly port: number;
  readonly floor: IdleNodeServer;
  readonly names: NamesOf;
  /** The first of them is not measured: it has what every process does only once. */
  readonly rounds: number;
}

/** Asks every app once in each round, when all of them have been idle. Throws where one fails. */
export async function measureIdle(apps: IdleApps): Promise<IdleMeasured[]> {
  const { port, floor, names, rounds } = apps;
  const measured = [...names.keys()].map((kind): IdleMeasured => ({ kind, ms: [], floorMs: [] }));
  for (let round = 0; round < rounds; round++) {
    await delay(quietMs);
    for (const each of measured) {
      for (const name of names.get(each.kind) ?? []) {
        await delay(gapMs);
        const ours = await firstByte(port, `${name}.localhost`);
        if (ours.status !== 200) throw new Error(`${name} answered ${ours.status}`);
        await delay(gapMs);
        const theirs = await firstByte(floor.port, "floor.localhost");
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

export interface Reach {
  readonly p50MsMax: number;
  readonly p99MsMax: number;
  /** Of the medians. */
  readonly overFloorMsMax?: number;
}

/** `what` says how they differ from other apps of their kind. */
export function judgeIdle(
  report: Report,
  { kind, ms, floorMs }: IdleMeasured,
  { p50MsMax, p99MsMax, overFloorMsMax }: Reach,
  what = "idle app",
): object {
  const ours = summary(ms);
  const floor = summary(floorMs);
  const overFloorMs = ours.p50 - floor.p50;
  const figure = `${kind}, ${what} -> first byte`;
  report.line(figure, text(ours));
  report.line("  node:http, idle as long", text(floor));
  report.line("  ours - floor, p50", `${shown(overFloorMs)} ms`);
  const judge = (part: string, measured: number, atMost: number): void => {
    report.verdict({ figure: `${figure}, ${part}`, measured, unit: "ms", reach: { atMost } });
  };
  judge("p50", ours.p50, p50MsMax);
  judge("p99", ours.p99, p99MsMax);
  if (overFloorMsMax !== undefined) judge("over the floor", overFloorMs, overFloorMsMax);
  return { kind, ours, floor };
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { writeVariants } from "./app-kinds.ts";
import type { AppKind } from "./app-kinds.ts";
import { firstByte } from "./first-byte.ts";
import type { Report } from "./report.ts";
import { shown } from "./report.ts";
import { summary } from "./statistics.ts";
import type { Summary } from "./statistics.ts";

const script = fileURLToPath(new URL("new-digest-server.ts", import.meta.url));
/** The first one has what every process does only once. */
const counts: Readonly<Record<AppKind["name"], number>> = { rust: 21, javascript: 8, python: 5 };
const reachMs: Partial<Record<AppKind["name"], number>> = { rust: 50, javascript: 500 };
const gapMs = 300;

/** From the moment that an app of a new digest is added to the first byte of its answer. */
export async function newDigests(
  report: Report,
  {
    kinds,
    folder,
    cores,
  }: {
    readonly kinds: readonly AppKind[];
    readonly folder: string;
    readonly cores: string;
  },
): Promise<object> {
  const figures: Record<string, Summary> = {};
  for (const kind of kinds) {
    const ms = await measure(kind, join(folder, `new-${kind.name}`), cores);
    const found = summary(ms.slice(1));
    figures[kind.name] = found;
    const figure = `${kind.name}, new digest -> first byte`;
    report.line(
      figure,
      `p50 ${shown(found.p50)} ms (p10 ${shown(found.p10)}, max ${shown(found.max)})`,
    );
    const atMost = reachMs[kind.name];
    if (atMost === undefined) continue;
    report.verdict({ figure, measured: found.p50, unit: "ms", reach: { atMost } });
  }
  return figures;
}

async function measure(kind: AppKind, folder: string, cores: string): Promise<number[]> {
  const names = writeVariants(kind, folder, counts[kind.name]);
  const args = ["-c", cores, process.execPath, script, join(folder, "cache")];
  const child = spawn("taskset", args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [port] = (await once(lines, "line")) as [string];
  const times: number[] = [];
  for (const name of names) {
    await delay(gapMs);
    const startedMs = performance.now();
    child.stdin.write(`${name} ${join(folder, `${name}.wasm`)}\n`);
    await once(lines, "line");
    const { status } = await firstByte(Number(port), `${name}.localhost`);
    times.push(performance.now() - startedMs);
    if (status !== 200) throw new Error(`${name} answered ${status}`);
  }
  const ended = once(child, "exit");
  child.stdin.end();
  await ended;
  return times;
}

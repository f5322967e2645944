import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Interface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { askApp } from "../ask-app.ts";
import { wasmApp } from "../whorl-process.ts";
import { builtKinds, writeVariants } from "./app-kinds.ts";
import { processorSeconds, proportionalBytes } from "./served-folder.ts";
import { median } from "./statistics.ts";

export interface SoakOptions {
  readonly apps: number;
  readonly seconds: number;
}

/** What the clients have seen, and what the server took. */
export interface Soaked {
  readonly apps: number;
  readonly clients: number;
  readonly answered: number;
  /** How often clients saw something else than 200, by what they saw. */
  readonly failures: Readonly<Record<string, number>>;
  readonly kills: number;
  /** What the killed workers were answering, or had been given. */
  readonly inFlight: number;
  /** Failures beyond those. */
  readonly lost: number;
  /** Memory (proportional set size) once a second. */
  readonly megabytes: readonly number[];
  /** Memory of the last quarter against that of the second one. */
  readonly growth: number;
  readonly processorSeconds: number;
}

const script = fileURLToPath(new URL("soak-server.ts", import.meta.url));
const clients = 8;
const killEveryMs = 5_000;
const sampleEveryMs = 1_000;
/** Parts of the apps; the rest are those that can do more than greet. */
const shares = { rust: 0.5, javascript: 0.15, python: 0.05 } as const;

class Tally {
  answered = 0;
  readonly failures = new Map<string, number>();

  add(what: string | number): void {
    if (what === 200) this.answered++;
    else this.failures.set(String(what), (this.failures.get(String(what)) ?? 0) + 1);
  }

  get failed(): number {
    return this.failures.values().reduce((sum, count) => sum + count, 0);
  }
}

/** Mixed load on many apps in one process, while one of its workers is killed every few seconds. */
export async function soak({ apps: count, seconds }: SoakOptions): Promise<Soaked> {
  const folder = mkdtempSync(join(tmpdir(), "whorl-soak-"));
  const apps = join(folder, "apps");
  mkdirSync(apps);
  const names = writeApps(apps, count);
  const child = spawn(process.execPath, [script, apps, join(folder, "cache")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: child.stdout });
    const [port] = (await Promise.race([once(lines, "line"), endOf(lines)])) as [string];
    await warmUp(Number(port), names);
    const end = AbortSignal.timeout(seconds * 1000);
    const tally = new Tally();
    const asking = Array.from({ length: clients }, (_, first) =>
      client(Number(port), names, { first: first * 31, tally, signal: end }),
    );
    const killing = killWorkers({ stdin: child.stdin, lines }, end);
    const megabytes = await memoryUntil(end, child.pid ?? 0);
    const { kills, inFlight } = await killing;
    await Promise.all(asking);
    return {
      ...{ apps: names.length, clients, answered: tally.answered, kills, inFlight, megabytes },
      failures: Object.fromEntries(tally.failures),
      lost: Math.max(0, tally.failed - inFlight),
      growth: growthOf(megabytes),
      processorSeconds: processorSeconds(child.pid ?? 0),
    };
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.stdin.end();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

async function endOf(lines: Interface): Promise<never> {
  await once(lines, "close");
  throw new Error("the server has ended before it could be asked");
}

/** Asks each app twice: what is loaded and compiled only once is no growth. */
async function warmUp(port: number, names: readonly string[]): Promise<void> {
  const questions = [...names, ...names].values();
  const worker = async (): Promise<void> => {
    for (const name of questions) {
      const seen = await outcome(port, name, {});
      if (seen !== 200) throw new Error(`${name} answers with ${seen} before anything is killed`);
    }
  };
  await Promise.all(Array.from({ length: clients }, worker));
}

async function memoryUntil(end: AbortSignal, pid: number): Promise<number[]> {
  const megabytes: number[] = [];
  while (!end.aborted) {
    await delay(sampleEveryMs);
    megabytes.push(proportionalBytes(pid) / 1e6);
  }
  return megabytes;
}

function growthOf(megabytes: readonly number[]): number {
  const quarter = Math.floor(megabytes.length / 4);
  return median(megabytes.slice(-quarter)) / median(megabytes.slice(quarter, quarter * 2));
}

/** Another request for each turn: short and long answers, bodies, waiting, failing guests. */
const paths = ["/", "/", "/sleep?ms=20", "/bytes?length=100000", "/echo", "/count"] as const;

async function client(
  port: number,
  names: readonly string[],
  { first, tally, signal }: { first: number; tally: Tally; signal: AbortSignal },
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  // A stride that meets all apps, each client in another order.
  for (let turn = first; !signal.aborted; turn += 7) {
    const app = names[turn % names.length] ?? "";
    const path = app.startsWith("http-") ? (paths[turn % paths.length] ?? "/") : "/";
    const body = path === "/echo" ? "x".repeat(50_000) : undefined;
    const question = {
      path,
      ...(body !== undefined && { body }),
      ...(turn % 2 === 0 && { agent }),
    };
    tally.add(await outcome(port, app, question));
  }
  agent.destroy();
}

async function outcome(
  port: number,
  app: string,
  question: Parameters<typeof askApp>[2],
): Promise<string | number> {
  try {
    return (await askApp(port, app, question)).status;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** Kills a worker now and then; how many requests they were answering, all together. */
async function killWorkers(
  server: { readonly stdin: NodeJS.WritableStream; readonly lines: Interface },
  signal: AbortSignal,
): Promise<{ kills: number; inFlight: number }> {
  const total = { kills: 0, inFlight: 0 };
  while (!signal.aborted) {
    await delay(killEveryMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    server.stdin.write("kill\n");
    const [line] = (await once(server.lines, "line")) as [string];
    total.kills++;
    total.inFlight += Number(line);
  }
  return total;
}

function writeApps(folder: string, count: number): string[] {
  const names = builtKinds().flatMap((kind) =>
    writeVariants(kind, folder, Math.round(shares[kind.name] * count)),
  );
  const http = Array.from({ length: count - names.length }, (_, index) => `http-${index}`);
  for (const name of http)
    symlinkSync(wasmApp("http-rust/http.wasm"), join(folder, `${name}.wasm`));
  return [...names, ...http];
}

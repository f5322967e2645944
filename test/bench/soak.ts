/**
 * `npm run bench:soak [-- --minutes 30]`: mixed load on 200 apps while a worker is killed every few
 * seconds. Nothing may be lost but what the killed workers were answering, and memory stays flat.
 */
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
import { parseArgs } from "node:util";
import { askApp } from "../ask-app.ts";
import { wasmApp } from "../whorl-process.ts";
import { builtKinds, writeVariants } from "./app-kinds.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { processorSeconds, proportionalBytes } from "./served-folder.ts";
import { median } from "./statistics.ts";

const script = fileURLToPath(new URL("soak-server.ts", import.meta.url));
const clients = 8;
const killEveryMs = 5_000;
const sampleEveryMs = 1_000;
/** Memory of the last quarter against that of the second one. */
const growthMax = 1.1;
/** Parts of the apps; the rest are those that can do more than greet. */
const shares = { rust: 0.5, javascript: 0.15, python: 0.05 } as const;

/** What the clients have seen. */
class Tally {
  answered = 0;
  readonly failures = new Map<string, number>();

  add(what: string | number): void {
    if (what === 200) this.answered++;
    else this.failures.set(String(what), (this.failures.get(String(what)) ?? 0) + 1);
  }

  get lost(): number {
    return this.failures.values().reduce((sum, count) => sum + count, 0);
  }
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

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    apps: { type: "string", default: "200" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "whorl-soak-"));
const apps = join(folder, "apps");
mkdirSync(apps);
const names = writeApps(apps, Number(values.apps));
const child = spawn(process.execPath, [script, apps, join(folder, "cache")], {
  stdio: ["pipe", "pipe", "inherit"],
});
try {
  const lines = createInterface({ input: child.stdout });
  const [port] = (await once(lines, "line")) as [string];
  const report = new Report({
    name: "soak",
    versions: { whorl: whorlVersion() },
    commands: [`node soak-server.ts APPS CACHE, ${clients} clients, ${values.minutes} minutes`],
  });
  const end = AbortSignal.timeout(Number(values.minutes) * 60_000);
  const tally = new Tally();
  const asking = Array.from({ length: clients }, (_, first) =>
    client(Number(port), names, { first: first * 31, tally, signal: end }),
  );
  const killing = killWorkers({ stdin: child.stdin, lines }, end);
  const megabytes: number[] = [];
  const pid = child.pid ?? 0;
  while (!end.aborted) {
    await delay(sampleEveryMs);
    megabytes.push(proportionalBytes(pid) / 1e6);
  }
  const { kills, inFlight } = await killing;
  await Promise.all(asking);
  const quarter = Math.floor(megabytes.length / 4);
  const growth = median(megabytes.slice(-quarter)) / median(megabytes.slice(quarter, quarter * 2));
  report.line("apps", String(names.length));
  report.line("answers", String(tally.answered));
  report.line("workers killed, requests they were answering", `${kills}, ${inFlight}`);
  for (const [what, count] of tally.failures) report.line(`failed with ${what}`, String(count));
  report.line("memory at the end", `${shown(megabytes.at(-1) ?? Number.NaN)} MB`);
  report.line("processor", `${shown(processorSeconds(pid))} s`);
  report.verdict({
    ...{ figure: "lost beyond killed workers", measured: Math.max(0, tally.lost - inFlight) },
    ...{ unit: "requests", reach: { atMost: 0 } },
  });
  report.verdict({
    ...{ figure: "memory, last quarter / second quarter", measured: growth, unit: "x" },
    reach: { atMost: growthMax },
  });
  const failures = Object.fromEntries(tally.failures);
  const { answered } = tally;
  report.end({ minutes: values.minutes, answered, failures, kills, inFlight, growth, megabytes });
} finally {
  const ended = once(child, "exit");
  child.stdin.end();
  await ended;
  rmSync(folder, { recursive: true, force: true });
}

/**
 * `npm run bench:engine [-- FILE.wasm ...]`: what the engine costs, and the same components behind
 * wasmtime. `--seconds` is for each load, `--without-load` leaves the servers out.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Contestant, findContestants } from "./contestants.ts";
import { type EngineFigures, measureEngine, measurePrepare } from "./engine-figures.ts";
import { verdictsOn } from "./engine-verdicts.ts";
import { firstCallCauses, type FirstCallSplit, firstCallStages } from "./first-call-stages.ts";
import { Report, whorlVersion } from "./report.ts";
import { Served } from "./served.ts";
import { median } from "./statistics.ts";
import { runWrk } from "./wrk.ts";

const prepareRounds = 3;
const loadRounds = 3;
const crowd = 32;
const idleApps = 100;
/** `wasmtime serve` lacks what Spin's Python SDK imports. */
const withoutRival = "hello-python/dist/app.wasm";

const wasmApps = fileURLToPath(new URL("../../wasm-apps/", import.meta.url));
const idleScript = fileURLToPath(new URL("idle-apps.ts", import.meta.url));

interface Load {
  readonly requestsPerSecond: number;
  readonly aloneP50Us: number;
}

interface Measured {
  /** Below wasm-apps/, where it is one of those. */
  readonly component: string;
  readonly bytes: number;
  readonly engine: EngineFigures;
  readonly prepareMs: number;
  readonly wasmtimeCompileMs: number | undefined;
  /** By name of the server. */
  readonly loads: Readonly<Record<string, Load>>;
}

function defaultComponents(): string[] {
  const files = [
    "hello-rust/hello.wasm",
    "http-rust/http.wasm",
    "hello-typescript/dist/hello.wasm",
    "hello-python/dist/app.wasm",
  ];
  return files.map((file) => join(wasmApps, file)).filter((file) => existsSync(file));
}

function nameOf(file: string): string {
  const name = relative(wasmApps, file);
  return name.startsWith("..") ? basename(file) : name;
}

function wasmtimeFile(contestants: readonly Contestant[]): string | undefined {
  return contestants.find(({ name }) => name === "wasmtime serve")?.command("", 0)[0];
}

function compileMs(wasmtime: string, component: string, folder: string): number {
  const times: number[] = [];
  for (let round = 0; round < prepareRounds; round++) {
    const start = performance.now();
    execFileSync(wasmtime, ["compile", component, "-o", join(folder, "compiled")]);
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Each server on core 0, the load on core 1, in turns. */
async function measureLoads(
  contestants: readonly Contestant[],
  component: string,
  seconds: number,
): Promise<Record<string, Load>> {
  await using stack = new AsyncDisposableStack();
  const servers: Served[] = [];
  for (const each of contestants) servers.push(stack.use(await Served.start(each, component, 0)));
  const runs = servers.map(() => ({ rates: [] as number[], alone: [] as number[] }));
  for (let round = 0; round <= loadRounds; round++) {
    for (const [index, { url, contestant }] of servers.entries()) {
      const alone = runWrk(url, { connections: 1, seconds, core: 1 });
      const crowded = runWrk(url, { connections: crowd, seconds, core: 1 });
      const errors = alone.errors + crowded.errors;
      if (errors > 0) throw new Error(`${errors} requests to ${contestant.name} failed`);
      // The first round warms up.
      if (round === 0) continue;
      runs[index]?.rates.push(crowded.requestsPerSecond);
      runs[index]?.alone.push(alone.p50Us);
    }
  }
  return Object.fromEntries(
    servers.map(({ contestant }, index) => {
      const { rates = [], alone = [] } = runs[index] ?? {};
      return [contestant.name, { requestsPerSecond: median(rates), aloneP50Us: median(alone) }];
    }),
  );
}

/** Two processes: what is measured is an app that an earlier one has prepared. */
function measureIdle(cache: string): Record<"prepared" | "answered", number> {
  const run = (state: string): number => {
    const component = join(wasmApps, "hello-rust/hello.wasm");
    const script = [idleScript, component, String(idleApps), cache, state];
    // The young generation is the process's, however many apps there are: it must not grow meanwhile.
    const flags = ["--expose-gc", "--max-semi-space-size=1"];
    return Number(execFileSync(process.execPath, [...flags, ...script]));
  };
  run("answered");
  return { prepared: run("prepared"), answered: run("answered") };
}

function ratio(ours: number | undefined, theirs: number | undefined): string {
  if (ours === undefined || theirs === undefined) return "";
  return `${(ours / theirs).toFixed(2)}x`;
}

function pair({ p50, p99 }: { readonly p50: number; readonly p99: number }): string {
  return `${p50.toFixed(1)} / ${p99.toFixed(1)} us`;
}

/** Where the time of first calls goes, microseconds. */
function splitLines(split: FirstCallSplit): [what: string, value: string][] {
  const listed = (
    times: FirstCallSplit["p50"],
    names: readonly (keyof FirstCallSplit["p50"])[],
  ): string => names.map((name) => `${name} ${times[name].toFixed(0)}`).join(", ");
  const part = (split.slowestCollected * 100).toFixed(0);
  const faults = split.pageFaultsP50.toFixed(0);
  return [
    ["first call, p50 of each stage, us", listed(split.p50, firstCallStages)],
    ["first call, page faults, p50", faults],
    [
      "first call, slowest hundredth, mean of each stage, us",
      listed(split.slowestMean, firstCallStages),
    ],
    ["… and in them, mean, us", listed(split.slowestMean, firstCallCauses)],
    ["… of them with a garbage collection in them", `${part} %`],
    ["first call without garbage collection, p99", `${split.uncollectedP99.toFixed(1)} us`],
  ];
}

function describe(report: Report, measured: Measured): void {
  const { component, bytes, engine, prepareMs, wasmtimeCompileMs, loads } = measured;
  const line = (what: string, value: string): void => report.line(`  ${what}`, value);
  report.line(component, `${(bytes / 1024).toFixed(0)} kB`);
  line("instances are", engine.fresh === undefined ? "used again" : `new: ${engine.fresh}`);
  line("isolation (take, put back), p50 / p99", pair(engine.isolation));
  line("request without server, p50 / p99", pair(engine.request));
  for (const [pause, times] of Object.entries(engine.afterPause)) {
    line(`… after ${pause}, p50 / p99`, pair(times));
  }
  line("first call of a new instance, p50 / p99", pair(engine.firstCall));
  for (const each of splitLines(engine.firstCallSplit)) line(...each);
  if (typeof engine.warm === "string") {
    line("after a warm-up", `refused: ${engine.warm}`);
  } else {
    line("after a warm-up: request, p50 / p99", pair(engine.warm.request));
    line("after a warm-up: first call, p50 / p99", pair(engine.warm.firstCall));
  }
  const { watchedUs, plainUs } = engine;
  line(
    "CPU of a request, with and without checks",
    `${watchedUs.toFixed(1)} and ${plainUs.toFixed(1)} us (${ratio(watchedUs, plainUs)})`,
  );
  line("prepare", `${prepareMs.toFixed(0)} ms`);
  if (wasmtimeCompileMs !== undefined) {
    const part = ratio(prepareMs, wasmtimeCompileMs);
    line("wasmtime compile", `${wasmtimeCompileMs.toFixed(0)} ms (prepare takes ${part})`);
  }
  const { "whorl up": ours, "wasmtime serve": theirs } = loads;
  for (const [server, load] of Object.entries(loads)) {
    const rate = `${load.requestsPerSecond.toFixed(0)}/s`;
    line(server, `${rate.padEnd(12)}p50 of one connection ${load.aloneP50Us.toFixed(0)} us`);
  }
  if (ours === undefined || theirs === undefined) return;
  const rates = ratio(ours.requestsPerSecond, theirs.requestsPerSecond);
  line(
    "whorl up / wasmtime serve",
    `${rates.padEnd(12)}${ratio(ours.aloneP50Us, theirs.aloneP50Us)}`,
  );
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "4" },
    "without-load": { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "whorl-bench-"));
try {
  const contestants = findContestants(folder).filter((each) => "command" in each);
  const wasmtime = wasmtimeFile(contestants);
  const servers = contestants.filter(({ name }) => name !== "node:http");
  const report = new Report({
    name: "engine",
    versions: {
      whorl: whorlVersion(),
      ...Object.fromEntries(servers.map(({ name, version }) => [name, version])),
    },
    commands: servers.map(({ command }) =>
      command("FILE", 8080)
        .map((part) => basename(part))
        .join(" "),
    ),
  });
  const measured: Measured[] = [];
  for (const component of positionals.length > 0 ? positionals : defaultComponents()) {
    const bytes = new Uint8Array(readFileSync(component));
    const one: Measured = {
      component: nameOf(component),
      bytes: bytes.length,
      engine: await measureEngine(component),
      prepareMs: await measurePrepare(bytes, prepareRounds),
      wasmtimeCompileMs:
        wasmtime === undefined ? undefined : compileMs(wasmtime, component, folder),
      loads:
        values["without-load"] || nameOf(component) === withoutRival
          ? {}
          : await measureLoads(servers, component, Number(values.seconds)),
    };
    describe(report, one);
    for (const verdict of verdictsOn(one)) report.verdict(verdict);
    measured.push(one);
  }
  const idleBytes = measureIdle(join(folder, "cache"));
  for (const [state, bytes] of Object.entries(idleBytes)) {
    const text = `${(bytes / 1000).toFixed(0)} kB (proportional set size)`;
    report.line(`each of ${idleApps} idle apps, ${state}`, text);
  }
  report.verdict({
    figure: `memory of each of ${idleApps} idle apps`,
    ...{ measured: idleBytes.prepared / 1_000, unit: "kB", reach: { atMost: 300 } },
  });
  report.end({ measured, idleBytes });
} finally {
  rmSync(folder, { recursive: true });
}

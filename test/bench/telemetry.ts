/**
 * `npm run bench:telemetry`: what it costs to be looked at. The same hello behind `whorl up` with
 * different telemetry, servers on core 0, load and collector on core 1. Compared is the processor time
 * of a request: a core answers as many more requests as one takes less. Second by second one
 * without telemetry is asked in turn with it: what else the machine does changes from minute to minute.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Contestant } from "./contestants.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { Served } from "./served.ts";
import { median } from "./statistics.ts";
import { telemetryCallCosts } from "./telemetry-calls.ts";
import { runWrk } from "./wrk.ts";

const serverCore = 0;
const loadCore = 1;
const connections = 32;
/** Until V8 has compiled what is hot: before, an answer takes up to four times as much. */
const warmUpSeconds = 6;
const settleSeconds = 2;
/** Who loses less than 2 and 10 % of the answers per second takes so many times the processor time. */
const offCostMax = 1.02;
const onCostMax = 1.11;

const hello = fileURLToPath(new URL("../../wasm-apps/hello-rust/hello.wasm", import.meta.url));
const whorl = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));
const without = fileURLToPath(new URL("up-without-telemetry.ts", import.meta.url));
const collector = `require("node:http").createServer((request, response) => {
  request.resume().on("end", () => response.end());
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;

interface Variant extends Contestant {
  /** How many times as much as without telemetry it may cost. */
  readonly costMax: number;
}

function up(name: string, flags: readonly string[], environment: readonly string[]): Variant {
  return {
    name,
    version: "",
    costMax: name === "off" ? offCostMax : onCostMax,
    command: (file, port) => [
      ...["env", ...environment, process.execPath, whorl, "up", file, "--quiet", ...flags],
      ...["--listen", `127.0.0.1:${port}`],
    ],
  };
}

const withoutTelemetry: Contestant = {
  name: "without telemetry",
  version: "",
  command: (file, port) => [process.execPath, without, file, String(port)],
};

function variants(collectorPort: number): Variant[] {
  const endpoint = `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${collectorPort}`;
  const sampled = ["OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.01"];
  return [
    up("off", [], []),
    up("metrics", ["--metrics-listen", "127.0.0.1:0"], []),
    up("metrics, logs, 1 of 100 traces", [], [endpoint, ...sampled]),
    up("metrics, logs, all traces", [], [endpoint]),
    up("console", ["--console", "127.0.0.1:0"], []),
  ];
}

interface Round {
  readonly requestsPerSecond: number;
  readonly cpuUs: number;
}

/** Of a variant, and of the one without telemetry right before or after it. */
interface Pair {
  readonly own: Round;
  readonly base: Round;
}

/** What V8 makes of one process and not of another must not decide: each variant is started anew. */
async function measure(
  all: readonly Variant[],
  starts: number,
  timing: { readonly rounds: number; readonly seconds: number },
): Promise<Pair[][]> {
  const measured = all.map((): Pair[] => []);
  for (let start = 0; start < starts; start++) {
    await using stack = new AsyncDisposableStack();
    const base = stack.use(await Served.start(withoutTelemetry, hello, serverCore));
    const servers: Served[] = [];
    for (const each of all) servers.push(stack.use(await Served.start(each, hello, serverCore)));
    for (const served of [base, ...servers]) load(served, warmUpSeconds);
    for (const [index, served] of servers.entries()) {
      // One that has rested gives memory back, and its queues are empty: not what is asked for.
      load(served, settleSeconds);
      for (let round = 0; round < timing.rounds; round++) {
        measured[index]?.push(measurePair(base, served, { ...timing, round }));
      }
    }
  }
  return measured;
}

/** Which comes first, changes with each round. */
function measurePair(
  base: Served,
  own: Served,
  { seconds, round }: { readonly seconds: number; readonly round: number },
): Pair {
  if (round % 2 === 0)
    return { base: measureRound(base, seconds), own: measureRound(own, seconds) };
  return { own: measureRound(own, seconds), base: measureRound(base, seconds) };
}

function measureRound(served: Served, seconds: number): Round {
  const before = served.cpuSeconds();
  const requestsPerSecond = load(served, seconds);
  const cpuUs = ((served.cpuSeconds() - before) * 1e6) / (requestsPerSecond * seconds);
  return { requestsPerSecond, cpuUs };
}

/** Requests answered in a second. */
function load(served: Served, seconds: number): number {
  const how = { connections, seconds, core: loadCore };
  const { requestsPerSecond, errors } = runWrk(served.url, how);
  if (errors > 0) throw new Error(`${errors} requests of "${served.contestant.name}" failed`);
  return requestsPerSecond;
}

async function startCollector(): Promise<{ readonly port: number } & Disposable> {
  const args = ["-c", String(loadCore), process.execPath, "-e", collector];
  const child = spawn("taskset", args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { port: Number(line.toString()), [Symbol.dispose]: () => void child.kill() };
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "1" },
    rounds: { type: "string", default: "8" },
    starts: { type: "string", default: "4" },
  },
});
const command = "npm run bench:telemetry";
const report = new Report({
  name: "telemetry",
  versions: { whorl: whorlVersion() },
  commands: [command],
});
using receiver = await startCollector();
const calls = await telemetryCallCosts(`http://127.0.0.1:${receiver.port}`);
for (const { name, cpuUs } of calls) report.line(`${name}: the calls alone`, `${shown(cpuUs)} us`);
const all = variants(receiver.port);
const measured = await measure(all, Number(values.starts), {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
});
function say(name: string, rounds: readonly Round[]): void {
  const perSecond = median(rounds.map(({ requestsPerSecond }) => requestsPerSecond));
  const cpuUs = median(rounds.map((round) => round.cpuUs));
  report.line(name, `${shown(perSecond)} requests/s, ${shown(cpuUs)} us of a core each`);
}

const bases = measured.flatMap((pairs) => pairs.map(({ base }) => base));
say(withoutTelemetry.name, bases);
for (const [index, { name, costMax }] of all.entries()) {
  const pairs = measured[index] ?? [];
  say(
    name,
    pairs.map(({ own }) => own),
  );
  const ratios = pairs.map(({ own, base }) => own.cpuUs / base.cpuUs);
  report.verdict({
    figure: `${name}: processor time of a request`,
    measured: median(ratios),
    unit: "x",
    reach: { atMost: costMax },
  });
}
report.end({ variants: all.map(({ name }) => name), calls, rounds: measured });

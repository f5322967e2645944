/**
 * `npm run bench:telemetry`: what it costs to be looked at. The same hello behind `whorl up` with
 * different telemetry, servers on core 0, load and collector on core 1. Compared is the processor time
 * of a request: a core answers as many more requests as one takes less. One without telemetry is
 * started anew with each and asked at the same moment, because what else the machine does changes
 * from second to second, and one start of a program differs from another by more than telemetry costs.
 */
import { parseArgs } from "node:util";
import { Report, shown, whorlVersion } from "./report.ts";
import { Served } from "./served.ts";
import { median } from "./statistics.ts";
import { telemetryCallCosts } from "./telemetry-calls.ts";
import { hello, base, startCollector, type Variant, variants } from "./telemetry-variants.ts";
import { runWrks } from "./wrk.ts";

const serverCore = 0;
const loadCore = 1;
const connections = 16;

interface Round {
  readonly requestsPerSecond: number;
  readonly cpuUs: number;
}

/** Of a variant, and of the one without telemetry at the same moment. */
interface Pair {
  readonly own: Round;
  readonly base: Round;
}

interface Timing {
  readonly rounds: number;
  readonly seconds: number;
  /** Until V8 has compiled what is hot: before, an answer takes up to four times as much. */
  readonly warmUpSeconds: number;
}

/** Which of the two is started first changes from start to start. */
async function measureStart(own: Variant, start: number, timing: Timing): Promise<Pair[]> {
  await using stack = new AsyncDisposableStack();
  const served = async (each: Variant): Promise<Served> =>
    stack.use(await Served.start(each, hello, serverCore));
  const before = start % 2 === 0 ? await served(own) : undefined;
  const baseServed = await served(base);
  const pair = { own: before ?? (await served(own)), base: baseServed };
  await measurePair(pair, timing.warmUpSeconds);
  const pairs: Pair[] = [];
  while (pairs.length < timing.rounds) pairs.push(await measurePair(pair, timing.seconds));
  return pairs;
}

async function measurePair(
  { own, base: other }: { readonly own: Served; readonly base: Served },
  seconds: number,
): Promise<Pair> {
  const both = [own, other];
  const before = both.map((served) => served.cpuSeconds());
  const load = { connections, seconds, core: loadCore };
  const results = await runWrks(
    both.map(({ url }) => url),
    load,
  );
  const rounds = both.map((served, index): Round => {
    const { requestsPerSecond = 0, errors } = results[index] ?? { errors: 1 };
    if (errors > 0) throw new Error(`${errors} requests of "${served.contestant.name}" failed`);
    const cpuSeconds = served.cpuSeconds() - (before[index] ?? 0);
    return { requestsPerSecond, cpuUs: (cpuSeconds * 1e6) / (requestsPerSecond * seconds) };
  });
  const [ownRound, baseRound] = rounds as [Round, Round];
  return { own: ownRound, base: baseRound };
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "4" },
    starts: { type: "string", default: "4" },
    "warm-up": { type: "string", default: "30" },
  },
});
const timing: Timing = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmUpSeconds: Number(values["warm-up"]),
};
const command = "npm run bench:telemetry";
const report = new Report({
  name: "telemetry",
  versions: { whorl: whorlVersion() },
  commands: [command],
});
using receiver = await startCollector(loadCore);
const calls = await telemetryCallCosts(`http://127.0.0.1:${receiver.port}`);
for (const { name, cpuUs } of calls) report.line(`${name}: the calls alone`, `${shown(cpuUs)} us`);
const all = variants(receiver.port);
const measured = all.map((): Pair[] => []);
for (let start = 0; start < Number(values.starts); start++) {
  for (const [index, each] of all.entries()) {
    measured[index]?.push(...(await measureStart(each, start, timing)));
  }
}
for (const [index, { name, costMax }] of all.entries()) {
  const pairs = measured[index] ?? [];
  const ratios = pairs.map(({ own, base: other }) => own.cpuUs / other.cpuUs);
  const cpuUs = median(pairs.map(({ own }) => own.cpuUs));
  const baseUs = median(pairs.map(({ base: other }) => other.cpuUs));
  const times = `${shown(cpuUs)} us of a core each, ${shown(baseUs)} us without telemetry beside it`;
  report.line(name, `${times}, ${shown(median(ratios))} x`);
  if (!Number.isFinite(costMax)) continue;
  report.verdict({
    figure: `${name}: processor time of a request`,
    measured: median(ratios),
    unit: "x",
    reach: { atMost: costMax },
  });
}
report.end({ variants: all.map(({ name }) => name), calls, rounds: measured });

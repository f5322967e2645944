/**
 * `npm run bench:node`: what a pod costs beside runc, on the same containerd. `-- 10 500 50`: 10
 * rounds of single pods, then 500 Wasm pods on the node, and 50 pods of runc. Needs root, runc and
 * the CNI plugins; leaves nothing behind.
 */
import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { TestContainerd } from "../servers/containerd.ts";
import { testImages } from "../servers/test-images.ts";
import { callStages, reportStages } from "./call-stages.ts";
import { manyPods, type ManyPods } from "./many-pods.ts";
import {
  type PodContestant,
  runcHttpd,
  runcNode,
  whorlAlone,
  whorlNamespace,
  whorlSandbox,
} from "./pod-contestants.ts";
import { rateTo, stagesTo } from "./pod-stages.ts";
import { fromZeroMs, podSteps, startPod } from "./pod-start.ts";
import { Report, shown, whorlVersion } from "./report.ts";
import { median, summary } from "./statistics.ts";

const [rounds = 10, wasmPods = 500, runcPodsWanted = 50] = process.argv.slice(2).map(Number);
const runcPods = Math.min(runcPodsWanted, wasmPods);
/** Of the calls that strace watches. */
const stageRounds = Math.min(rounds, 10);
/** Each with a process of its own. */
const ownPods = 5;

/** Long enough for a host process to be waiting again. */
const pauseMs = 1000;

/** Milliseconds of each step, and of taking the container down again. */
type Row = Readonly<Record<(typeof podSteps)[number] | "Stop", number>>;

interface Single {
  readonly name: string;
  readonly rows: readonly Row[];
}

async function single(containerd: TestContainerd, contestant: PodContestant): Promise<Single> {
  const rows: Row[] = [];
  // The first one pays for the front and its compile cache.
  for (let round = 0; round <= rounds; round++) {
    const { pod, container, ms } = await startPod(containerd, contestant);
    const startedMs = performance.now();
    await containerd.cri.call("StopContainer", { containerId: container, timeout: 0 });
    const Stop = performance.now() - startedMs;
    await containerd.removePod(pod);
    if (round > 0) rows.push({ ...ms, Stop });
    await delay(pauseMs);
  }
  return { name: contestant.name, rows };
}

function reportSingle(report: Report, { name, rows }: Single): void {
  const whole = summary(rows.map((ms) => fromZeroMs({ ms })));
  const steps = [...podSteps, "Stop" as const].map(
    (step) => `${step} ${shown(median(rows.map((row) => row[step])))}`,
  );
  report.line(
    `${name}: from zero to the first byte`,
    `p50 ${shown(whole.p50)} ms, p90 ${shown(whole.p90)} ms`,
  );
  report.line("  p50 of each step, ms", steps.join(", "));
}

function reportMany(report: Report, { name, stages, idlePart }: ManyPods): void {
  for (const { pods, perSecond, startMs, answerMs, bytesPerPod, processes } of stages) {
    report.line(
      `${name}, ${pods} pods`,
      `${shown(perSecond)} started/s (p99 ${shown(startMs.p99)} ms), ` +
        `answer p50 ${shown(answerMs.p50)} ms, p99 ${shown(answerMs.p99)} ms, ` +
        `${shown(bytesPerPod / 1e6)} MB each, ${processes} processes`,
    );
  }
  const pods = stages.at(-1)?.pods ?? 1;
  // containerd 2.4 asks for the figures of each container and of each sandbox every second.
  report.line(
    "  processor while only containerd asks",
    `${shown(idlePart * 100)} % of a core, ${shown((idlePart * 100) / pods)} % for each pod`,
  );
}

function judge(report: Report, runc: ManyPods, wasm: ManyPods): void {
  const last = wasm.stages.at(-1);
  if (last === undefined) return;
  const { pods, silent, bytesPerPod } = last;
  const served = ((pods - silent) / pods) * 100;
  const figure = `pods that answer, of ${pods} on a node`;
  report.verdict({ figure, measured: served, unit: "%", reach: { atLeast: 100 } });
  report.verdict({
    ...{ figure: `memory of each of ${pods} pods`, measured: bytesPerPod / 1e6, unit: "MB" },
    reach: { atMost: 2 },
  });
  const compared = runc.stages.at(-1)?.pods ?? 0;
  report.line(
    `whorl, until there are ${pods} pods`,
    `${shown(rateTo(wasm.stages, pods))} started/s`,
  );
  report.verdict({
    figure: `pods started in a second until there are ${compared}, ours / runc`,
    ...{ measured: rateTo(wasm.stages, compared) / rateTo(runc.stages, compared), unit: "x" },
    reach: { atLeast: 1 },
  });
}

/** Of a container in a pod that is there already, and of the calls that start one beside runc's. */
function judgeSingles(report: Report, [runc, ...ours]: readonly Single[]): void {
  const called = ({ rows }: Single): number =>
    median(rows.map((row) => row.RunPodSandbox + row.Create + row.Start));
  for (const each of ours.filter(({ name }) => name === whorlSandbox.name)) {
    for (const step of ["Start", "Stop"] as const) {
      const ms = median(each.rows.map((row) => row[step]));
      const reach = { atMost: 10 };
      report.verdict({ figure: `${each.name}: ${step}`, measured: ms, unit: "ms", reach });
    }
    if (runc === undefined) continue;
    report.verdict({
      figure: `${each.name}: RunPodSandbox + Create + Start, ours / ${runc.name}`,
      ...{ measured: called(each) / called(runc), unit: "x", reach: { atMost: 0.75 } },
    });
  }
}

const startedMs = performance.now();
// Its containerd has to be gone before the next one: both would have the same addresses for pods.
const stages = await callStages([runcHttpd, whorlNamespace, whorlSandbox], stageRounds);
const containerd = await TestContainerd.start({ release: "2.4" });
try {
  for (const image of testImages()) await containerd.importImage(image);
  const runcVersion = execFileSync("runc", ["--version"], { encoding: "utf8" }).split("\n", 1)[0];
  const report = new Report({
    name: "node",
    versions: { whorl: whorlVersion(), containerd: "2.4", runc: runcVersion ?? "" },
    commands: [`node node.ts ${rounds} ${wasmPods} ${runcPods}`],
  });
  const singles: Single[] = [];
  for (const each of [runcHttpd, runcNode, whorlAlone, whorlNamespace, whorlSandbox]) {
    const measured = await single(containerd, each);
    reportSingle(report, measured);
    singles.push(measured);
  }
  const alone = await manyPods(containerd, whorlAlone, [ownPods]);
  const runc = await manyPods(containerd, runcHttpd, stagesTo(runcPods));
  const wasm = await manyPods(containerd, whorlSandbox, stagesTo(runcPods, wasmPods));
  for (const each of [alone, runc, wasm]) reportMany(report, each);
  judge(report, runc, wasm);
  judgeSingles(report, singles);
  if (stages === undefined) console.log("Without stages: there is no strace");
  else reportStages(report, stages);
  report.line("the whole run", `${shown((performance.now() - startedMs) / 1000)} s`);
  report.end({ singles, many: [wasm, runc], alone, stages });
} finally {
  await containerd[Symbol.asyncDispose]();
}

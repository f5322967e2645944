/**
 * What a pod costs beside runc, on the same containerd: `npm run bench:node -- 20 100` for 20 rounds
 * and 100 idle pods that share a process. Needs root, runc and the CNI plugins; leaves nothing
 * behind.
 */
import { readdirSync, readFileSync } from "node:fs";
import { get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { ContainerOptions } from "../servers/cri.ts";
import { TestContainerd, type TestPod } from "../servers/containerd.ts";
import { shimSandboxHandler } from "../servers/containerd-configuration.ts";
import { testImages } from "../servers/test-images.ts";

interface Contestant {
  readonly name: string;
  readonly handler: string;
  readonly container: ContainerOptions;
  readonly annotations?: Readonly<Record<string, string>>;
  /** So many are left idle to see what memory one more takes. */
  readonly idlePods: number;
}

const rounds = Number(process.argv[2] ?? "10");
const sharingPods = Number(process.argv[3] ?? "100");
/** Each with a process of its own. */
const ownPods = 4;
const sharing = { "io.whorl.isolation": "namespace" };

const server = "mkdir -p /www && echo hello > /www/index.html && exec httpd -f -p 80 -h /www";
const contestants: readonly Contestant[] = [
  {
    name: "runc, busybox httpd",
    handler: "runc",
    container: { name: "a", image: "localhost/busybox:1", command: ["sh", "-c", server] },
    idlePods: ownPods,
  },
  {
    name: "whorl, hello, isolation=pod",
    handler: "whorl",
    container: { name: "a", image: "localhost/hello:1" },
    annotations: { "io.whorl.isolation": "pod" },
    idlePods: ownPods,
  },
  {
    name: "whorl, hello, isolation=namespace",
    handler: "whorl",
    container: { name: "a", image: "localhost/hello:1" },
    annotations: sharing,
    idlePods: ownPods,
  },
  {
    name: "whorl, hello, isolation=namespace, sandboxer=shim",
    handler: shimSandboxHandler,
    container: { name: "a", image: "localhost/hello:1" },
    annotations: sharing,
    idlePods: sharingPods,
  },
];

const columns = ["RunPodSandbox", "Create", "Start", "sum", "answers after", "Stop"] as const;
type Row = Record<(typeof columns)[number], number>;

/** Long enough for a host process to be waiting again. */
const pauseMs = 1500;

const containerd = await TestContainerd.start({ release: "2.4" });
try {
  for (const image of testImages()) await containerd.importImage(image);
  const rows: Record<string, Row & { "MB PSS per idle pod": number }> = {};
  for (const each of contestants) {
    const measured: Row[] = [];
    // The first one pays for the front and its compile cache.
    for (let round = 0; round <= rounds; round += 1) {
      const row = await measure(each);
      if (round > 0) measured.push(row);
      await delay(pauseMs);
    }
    const medians = columns.map((name) => [name, median(measured.map((row) => row[name]))]);
    const memory = await memoryPerPod(each);
    rows[each.name] = {
      ...(Object.fromEntries(medians) as Row),
      "MB PSS per idle pod": Math.round(memory * 10) / 10,
    };
  }
  console.log(`containerd 2.4, medians of ${rounds} in ms`);
  console.table(rows);
} finally {
  await containerd[Symbol.asyncDispose]();
}

async function measure({ handler, container, annotations = {} }: Contestant): Promise<Row> {
  const times = [performance.now()];
  const lap = (): void => void times.push(performance.now());
  const pod = await containerd.runPod({ handler, annotations });
  lap();
  const id = await containerd.createContainer(pod, container);
  lap();
  await containerd.cri.call("StartContainer", { containerId: id });
  lap();
  await untilAnswered(pod);
  lap();
  await containerd.cri.call("StopContainer", { containerId: id, timeout: 0 });
  lap();
  await containerd.removePod(pod);
  const [sandbox = 0, create = 0, start = 0, answer = 0, stop = 0] = times
    .slice(1)
    .map((time, index) => time - (times[index] ?? 0));
  return {
    RunPodSandbox: sandbox,
    Create: create,
    Start: start,
    sum: sandbox + create + start,
    "answers after": answer,
    Stop: stop,
  };
}

async function untilAnswered({ ip }: TestPod): Promise<void> {
  while (!(await isAnswered(`http://${ip}/`))) await delay(1);
}

function isAnswered(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (response) => {
      response.resume().on("end", () => resolve(true));
    });
    request.on("error", () => resolve(false));
  });
}

/** What one more pod takes, when there is one already. */
async function memoryPerPod(contestant: Contestant): Promise<number> {
  const { handler, container, annotations = {}, idlePods } = contestant;
  const pods: TestPod[] = [];
  const add = async (): Promise<void> => {
    const pod = await containerd.runPod({ handler, annotations });
    pods.push(pod);
    await containerd.startContainer(pod, container);
    await untilAnswered(pod);
  };
  await add();
  await delay(pauseMs);
  const before = proportionalMegabytes();
  for (let count = 0; count < idlePods; count += 1) {
    await add();
    if (idlePods <= ownPods) await delay(pauseMs);
  }
  await delay(pauseMs);
  const after = proportionalMegabytes();
  for (const pod of pods) await containerd.removePod(pod);
  return (after - before) / idlePods;
}

/** Of every process that this containerd has to do with, itself excepted. */
function proportionalMegabytes(): number {
  const { folder, cgroupParent } = containerd;
  const isOurs = (pid: string): boolean => {
    const text = ["cmdline", "environ", "cgroup"].map((file) => textOf(`/proc/${pid}/${file}`));
    const [command = "", environment = "", cgroup = ""] = text;
    if (/\/containerd\0/.test(command)) return false;
    return (
      [command, environment].some((each) => each.includes(folder)) || cgroup.includes(cgroupParent)
    );
  };
  const kilobytes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isOurs(name))
    .map((pid) => Number(/^Pss:\s+(\d+)/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0));
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has just ended.
    return "";
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 10) / 10;
}

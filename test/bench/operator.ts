/**
 * `npm run bench:operator`: the operator as a process of its own, as it is in the image, against a
 * real API server. Its CPU time and its requests carry over from machine to machine; times depend
 * on how many writes a second the API server takes.
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { crdFiles } from "../../operator/api/generate-crds.ts";
import { buildOperator, operatorNodeFlags } from "../../operator/build-operator.ts";
import { KubeClient } from "../../operator/kube/client.ts";
import { KubeConfigTransport } from "../../operator/kube/kube-config-transport.ts";
import * as resources from "../../operator/reconcile/resources.ts";
import { currentEtcd } from "../servers/etcd.ts";
import { KubeApiServer, kubeApiServerObstacle } from "../servers/kube-apiserver.ts";
import { kubernetesVersion } from "../servers/kubernetes-tools.ts";
import { ServerProcess, freePort } from "../servers/server-process.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { Report, shown, whorlVersion } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    apps: { type: "string", default: "5000" },
    burst: { type: "string", default: "1000" },
  },
});
const burst = Number(options.burst);
const appsMax = Number(options.apps);
const idleMs = 30_000;
/** Of Linux; CPU time in /proc is counted in these. */
const ticksPerSecond = 100;
const namespace = "bench";

/** The operator as a process, and what the kernel and it itself say of it. */
class RunningOperator implements AsyncDisposable {
  readonly #process: ServerProcess;
  readonly #metrics: string;

  private constructor(process: ServerProcess, metrics: string) {
    this.#process = process;
    this.#metrics = metrics;
  }

  /** Resolves when it is ready: everything is read. */
  static async start(program: string, kubeconfig: string): Promise<RunningOperator> {
    const [health, metrics] = [await freePort(), await freePort()];
    const started = await ServerProcess.start({
      program: process.execPath,
      args: [
        ...operatorNodeFlags,
        program,
        ...["--kubeconfig", kubeconfig, "--metrics-secure=false", "--log-level=error"],
        `--health-probe-bind-address=127.0.0.1:${health}`,
        `--metrics-bind-address=127.0.0.1:${metrics}`,
      ],
      probe: async () => {
        const { status } = await fetch(`http://127.0.0.1:${health}/readyz`);
        if (status !== 200) throw new Error(`readyz answers ${status}`);
      },
    });
    return new RunningOperator(started, `http://127.0.0.1:${metrics}/metrics`);
  }

  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#process.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** Megabytes: resident now, and at most so far. */
  memory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    const field = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+)`, "u").exec(status)?.[1]) / 1000;
    return { now: field("VmRSS"), peak: field("VmHWM") };
  }

  /** Requests that it has sent, lists and watches among them. */
  async requests(): Promise<number> {
    const text = await (await fetch(this.#metrics)).text();
    const counts = text.matchAll(/^rest_client_requests_total\{[^}]*\} (\d+)$/gmu);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

function seconds(sinceMs: number): number {
  return (performance.now() - sinceMs) / 1000;
}

async function createApps(client: KubeClient, first: number, end: number): Promise<void> {
  const numbers = Array.from({ length: end - first }, (_, index) => first + index).values();
  const worker = async (): Promise<void> => {
    for (const number of numbers) {
      const metadata = { name: `app-${number}`, namespace };
      const spec = {
        image: "registry.example/app:1",
        executor: "containerd-shim-spin",
        replicas: 1,
      };
      await client.create(resources.spinApps, { metadata, spec });
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

/** Waits until all apps have their children and a status that says so. */
async function settled(client: KubeClient, count: number): Promise<void> {
  for (;;) {
    let done = 0;
    for await (const page of client.pages(resources.spinApps, { namespace, limit: 500 })) {
      for (const { status } of page.items) if (status?.deploymentName && status.serviceName) done++;
    }
    if (done >= count) return;
    await delay(1000);
  }
}

/** Seconds until a change of an app has reached its Deployment. */
async function changeTakes(client: KubeClient, name: string, image: string): Promise<number> {
  const startMs = performance.now();
  await client.patch(resources.spinApps, { name, namespace }, { spec: { image } });
  await deploymentHas(client, name, image);
  return seconds(startMs);
}

async function deploymentHas(client: KubeClient, name: string, image: string): Promise<void> {
  for (;;) {
    const live = await client.get(resources.deployments, { name, namespace });
    if (JSON.stringify(live).includes(image)) return;
    await delay(5);
  }
}

async function idlePercent(operator: RunningOperator): Promise<number> {
  const before = operator.cpuSeconds();
  await delay(idleMs);
  return ((operator.cpuSeconds() - before) / (idleMs / 1000)) * 100;
}

interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: number;
}

async function measureCreation(client: KubeClient, operator: RunningOperator): Promise<Row[]> {
  const [cpu, requests] = [operator.cpuSeconds(), await operator.requests()];
  const startMs = performance.now();
  await createApps(client, 0, burst);
  const createdSeconds = seconds(startMs);
  await settled(client, burst);
  const allSeconds = seconds(startMs);
  const used = operator.cpuSeconds() - cpu;
  const sent = (await operator.requests()) - requests;
  return [
    { name: `${burst} apps created by the client`, value: createdSeconds, unit: "s" },
    { name: "all children and statuses written", value: allSeconds, unit: "s" },
    { name: "requests for each app", value: sent / burst, unit: "", limit: 6 },
    {
      name: "CPU of the operator",
      value: (used / allSeconds) * 100,
      unit: "% of a core",
      limit: 50,
    },
    { name: "CPU for each app", value: (used / burst) * 1000, unit: "ms" },
  ];
}

async function measureRestart(
  client: KubeClient,
  start: () => Promise<RunningOperator>,
): Promise<Row[]> {
  // Changed while nobody looks: it has to be found by what is read at the start.
  const image = "registry.example/app:missed";
  await client.patch(resources.spinApps, { name: "app-7", namespace }, { spec: { image } });
  const startMs = performance.now();
  await using operator = await start();
  const readySeconds = seconds(startMs);
  // The first look at all the others is still under way.
  const during = await changeTakes(client, "app-99", "registry.example/app:during");
  await deploymentHas(client, "app-7", image);
  const missedSeconds = seconds(startMs);
  await delay(10_000);
  const requests = await operator.requests();
  const later = await changeTakes(client, "app-100", "registry.example/app:later");
  // V8 tidies up for a while after so many objects have come at once.
  const afterStart = await idlePercent(operator);
  const idle = await idlePercent(operator);
  const { now, peak } = operator.memory();
  return [
    { name: "restart: ready after", value: readySeconds, unit: "s" },
    { name: "a change right then takes effect in", value: during, unit: "s", limit: 1 },
    { name: "a change made before is in effect after", value: missedSeconds, unit: "s" },
    { name: "requests of the restart", value: requests, unit: "" },
    { name: "a change in quiet times takes effect in", value: later, unit: "s", limit: 1 },
    { name: "CPU in the half minute after that", value: afterStart, unit: "% of a core" },
    { name: "idle CPU", value: idle, unit: "% of a core", limit: 1 },
    { name: "resident memory", value: now, unit: "MB", limit: 250 },
    { name: "resident memory at most", value: peak, unit: "MB" },
  ];
}

function reportRow(report: Report, { name, value, unit, limit }: Row): void {
  if (limit === undefined) report.line(name, `${shown(value)} ${unit}`);
  else report.verdict({ figure: name, measured: value, unit, reach: { atMost: limit } });
}

const obstacle = kubeApiServerObstacle();
if (obstacle !== undefined) throw new Error(obstacle);
using folder = new TemporaryFolder({});
const program = folder.file("operator.mjs");
await buildOperator(program);
await using server = await KubeApiServer.start({ etcd: currentEtcd() });
for (const text of Object.values(crdFiles()))
  server.kubectl(["apply", "--server-side", "-f", "-"], text);
server.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
server.kubectl(["create", "namespace", namespace]);
await using transport = new KubeConfigTransport(server.kubeConfig());
const client = new KubeClient({ transport, userAgent: "bench" });
const start = async (): Promise<RunningOperator> =>
  await RunningOperator.start(program, server.kubeconfigFile);

const report = new Report({
  name: "operator",
  versions: { whorl: whorlVersion(), kubernetes: kubernetesVersion },
  commands: [`npm run bench:operator -- --apps ${appsMax} --burst ${burst}`],
});
const rows: Row[] = [];
{
  await using operator = await start();
  rows.push({ name: "resident memory without apps", value: operator.memory().now, unit: "MB" });
  rows.push(...(await measureCreation(client, operator)));
  await createApps(client, burst, appsMax);
  await settled(client, appsMax);
  rows.push({ name: `memory after creating ${appsMax}`, value: operator.memory().now, unit: "MB" });
}
rows.push(...(await measureRestart(client, start)));
for (const row of rows) reportRow(report, row);
report.end({ rows });

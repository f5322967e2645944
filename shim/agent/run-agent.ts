import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AgentLoop } from "./agent-loop.ts";
import { type AgentMetrics, agentMetrics } from "./agent-metrics.ts";
import type { AgentOptions } from "./agent-options.ts";
import { AgentServer } from "./agent-server.ts";
import { lockFile } from "./file-lock.ts";
import { frontUpgrade } from "./front-upgrade.ts";
import type { HostCommands } from "./host-command.ts";
import { readInstallSource } from "./install-tree.ts";
import { ImagePreparer } from "./image-preparer.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeNode } from "./kube-node.ts";
import type { Step } from "./next-step.ts";
import { NodeAgent, type Restart } from "./node-agent.ts";
import { NodeFiles } from "./node-files.ts";
import { nodePaths } from "./node-paths.ts";
import type { NodeReport } from "./node-report.ts";
import { NodeSlots } from "./node-slots.ts";
import { distributionOf } from "./observe-node.ts";
import { takeNodeBack } from "./take-node-back.ts";
import { UninstallWish } from "./uninstall-wish.ts";

/** Where the agent is in the cluster. */
export interface ClusterPlace {
  readonly client: KubeClient;
  readonly nodeName: string;
  readonly podName: string;
  readonly namespace: string;
  readonly daemonSet: string;
}

export interface RunAgentOptions {
  readonly options: AgentOptions;
  readonly version: string;
  /** None: the node is installed, and nobody is told. */
  readonly cluster: ClusterPlace | undefined;
  readonly commands: HostCommands;
  readonly restart: Restart;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
  /** Told when it serves. */
  readonly onListening?: (port: number) => void;
}

/**
 * Installs, watches and takes back one node until `signal` aborts. Whatever it has installed goes
 * on without it.
 * @throws ShimError `failed_precondition` if there is nothing to install
 */
export async function runAgent(run: RunAgentOptions): Promise<void> {
  const { options, version, cluster, log, signal } = run;
  const metrics = agentMetrics(version);
  const wish = new UninstallWish();
  const files = new NodeFiles(options.hostRoot);
  const paths = nodePaths(options.installFolder, options.runFolder);
  const report = reporter(run);
  const images = new ImagePreparer({
    containerd: () => {
      const { socket } = distributionOf({ options, files, paths });
      return { onNode: socket, here: files.at(socket) };
    },
    front: files.at(paths.frontSocket),
    isReady: () => loop.obstacle === undefined,
    ...{ metrics, log },
  });
  const agent = nodeAgent(run, { files, paths, metrics, report, images });
  const loop = new AgentLoop({
    ...{ version, wish, report, metrics, log },
    work: (until) => agent.work(until),
    takeBack: (isForced, until) =>
      takeNodeBack({ ...run, files, paths }, { isForced, signal: until }),
    lock: () => {
      files.makeFolder(dirname(paths.lock));
      return lockFile(files.at(paths.lock));
    },
  });
  const { host, port } = options;
  const { registry } = metrics;
  await using server = await AgentServer.start({
    ...{ host, port, registry },
    obstacle: () => loop.obstacle,
  });
  run.onListening?.(server.port);
  const following =
    cluster === undefined
      ? undefined
      : wish.follow(
          cluster.client,
          { namespace: cluster.namespace, name: cluster.daemonSet },
          { signal, log },
        );
  const preparing = options.preparesImages ? images.run(signal) : undefined;
  await loop.run(signal);
  await Promise.all([following, preparing]);
}

interface AgentPlace {
  readonly files: NodeFiles;
  readonly paths: ReturnType<typeof nodePaths>;
  readonly metrics: AgentMetrics;
  readonly report: (report: NodeReport) => Promise<void>;
  readonly images: ImagePreparer;
}

function nodeAgent(run: RunAgentOptions, place: AgentPlace): NodeAgent {
  const { options, version, commands, restart, log } = run;
  const { files, paths, metrics, report, images } = place;
  const upgradeFront = frontUpgrade({ commands, files, paths, log });
  const meter = stepMeter(metrics);
  return new NodeAgent({
    ...{ options, version, files, paths, commands, restart, log },
    source: readInstallSource(options.source),
    upgradeFront: (front, signal) => images.whileIdle(() => upgradeFront(front, signal)),
    takeSlot: slotTaker(run, report),
    nowMs: () => Date.now(),
    onStep: (step) => {
      meter(step);
      if (step.kind === "install" || step.kind === "configure" || step.kind === "restart") {
        const message = `version ${version} is installed (${step.kind})`;
        void report({ kind: "working", reason: "Installing", message, version });
      }
    },
  });
}

/** Counts steps; each lasts until the next one. */
function stepMeter({ steps, stepSeconds }: AgentMetrics): (step: Step) => void {
  let last: { readonly step: string; readonly atMs: number } | undefined;
  return ({ kind }) => {
    const atMs = performance.now();
    if (last !== undefined) {
      stepSeconds.observe({ step: last.step }, (atMs - last.atMs) / 1000);
    }
    const isEnd = kind === "rest" || kind === "stop";
    if (!isEnd) steps.inc({ step: kind });
    last = isEnd ? undefined : { step: kind, atMs };
  };
}

function reporter({
  cluster,
  options,
  log,
}: RunAgentOptions): (report: NodeReport) => Promise<void> {
  if (cluster === undefined) return () => Promise.resolve();
  const { client, nodeName } = cluster;
  const { startupTaints } = options;
  const node = new KubeNode({
    ...{ client, startupTaints, log },
    name: nodeName,
    now: () => new Date(),
  });
  return (report) => node.report(report);
}

const noSlot: AsyncDisposable = { [Symbol.asyncDispose]: () => Promise.resolve() };

/** A node that still keeps pods away disturbs nobody. */
function slotTaker(
  { cluster, options, version, log }: RunAgentOptions,
  report: (report: NodeReport) => Promise<void>,
): (signal: AbortSignal) => Promise<AsyncDisposable> {
  if (cluster === undefined || options.maxAtOnce === 0) return () => Promise.resolve(noSlot);
  const { client, namespace, podName, nodeName, daemonSet } = cluster;
  const { startupTaints, maxAtOnce } = options;
  const node = new KubeNode({
    ...{ client, startupTaints, log },
    name: nodeName,
    now: () => new Date(),
  });
  const message = `${maxAtOnce} other nodes are worked on; this one is next (--max-at-once)`;
  const slots = new NodeSlots({
    ...{ client, namespace, daemonSet, log },
    holder: podName,
    count: maxAtOnce,
    onWait: () => void report({ kind: "working", reason: "WaitingForSlot", message, version }),
  });
  return async (signal) => {
    if (await node.hasStartupTaint()) return noSlot;
    for (;;) {
      try {
        return await slots.take(signal);
      } catch (error) {
        signal.throwIfAborted();
        log(`no slot can be had: ${String(error)}`);
        await delay(5000, undefined, { signal });
      }
    }
  };
}

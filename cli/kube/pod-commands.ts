import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { once } from "node:events";
import { PortForward } from "@kubernetes/client-node";
import type { V1Pod } from "@kubernetes/client-node";
import { Command, InvalidArgumentError } from "commander";
import { errorText, WhorlError } from "../../runtime/error.ts";
import type { CommandDependencies } from "../command.ts";
import { appName } from "./app-commands.ts";
import { findPods, waitForReadyPod } from "./app-pods.ts";
import { addKubeFlags } from "./kube-flags.ts";
import type { KubeFlags } from "./kube-flags.ts";
import { openKube } from "./kube-session.ts";
import type { KubeSession } from "./kube-session.ts";
import { copyPodLog } from "./pod-logs.ts";
import type { PodLogOptions } from "./pod-logs.ts";

interface LogsFlags extends KubeFlags {
  readonly follow?: true;
  readonly previous?: true;
  readonly timestamps?: true;
  readonly tail?: number;
  readonly since?: number;
  readonly container?: string;
}

/** `whorl logs`: what the pods of an app print. */
export function logsCommand({ io, environment, directory }: CommandDependencies): Command {
  return addKubeFlags(new Command("logs"))
    .description("show what an app in a cluster prints")
    .argument("[name]", "name of the app (default: of the spin.toml in this directory)")
    .option("-f, --follow", "go on until a signal comes")
    .option("-p, --previous", "of the container that ran before the present one")
    .option("--timestamps", "with the time of each line")
    .option("--tail <n>", "only the last lines", parseCount)
    .option("--since <time>", "only lines not older, such as 30s, 5m, 2h", parseSeconds)
    .option("-c, --container <name>", "another container of the pods than the app's")
    .addHelpText("after", "\nExamples:\n  $ whorl logs shop\n  $ whorl logs shop -f --tail 20")
    .action(async (given: string | undefined, flags: LogsFlags) => {
      const app = await appName(given, directory, environment);
      const session = openKube(flags, environment);
      const pods = await findPods({ app }, session);
      const end = new AbortController();
      if (flags.follow === true) void io.signals.next().then(() => end.abort());
      await Promise.all(
        pods.map((pod) => {
          const prefix = pods.length === 1 ? "" : `[${pod.metadata?.name ?? ""}] `;
          const options = { ...logOptions(flags), prefix, signal: end.signal };
          return copyPodLog(pod, session, { sink: io.stdout, options });
        }),
      );
    });
}

function logOptions(flags: LogsFlags): Omit<PodLogOptions, "prefix" | "signal"> {
  return {
    follow: flags.follow === true,
    previous: flags.previous === true,
    timestamps: flags.timestamps === true,
    ...(flags.tail !== undefined && { tailLines: flags.tail }),
    ...(flags.since !== undefined && { sinceSeconds: flags.since }),
    ...(flags.container !== undefined && { container: flags.container }),
  };
}

interface ConnectFlags extends KubeFlags {
  readonly localPort?: number;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly podRunningTimeout: number;
}

/** Where apps listen in their pods. */
const appPort = 80;

/** `whorl connect`: a local port that leads to a pod of an app, and what the pod prints. */
export function connectCommand(dependencies: CommandDependencies): Command {
  return addKubeFlags(new Command("connect"))
    .description("reach an app in a cluster by a local port, and show what it prints")
    .argument("[name]", "name of the app (default: of the spin.toml in this directory)")
    .option("-p, --local-port <port>", "port to listen on (default: a free one)", parsePort)
    .option("-l, --selector <labels>", "choose the pod by its labels, such as tier=front")
    .option("--field-selector <fields>", "choose the pod by its fields")
    .option("--pod-running-timeout <time>", "how long to wait for a ready pod", parseSeconds, 30)
    .addHelpText("after", "\nExamples:\n  $ whorl connect shop\n  $ whorl connect shop -p 8080")
    .action((name: string | undefined, flags: ConnectFlags) => connect(name, flags, dependencies));
}

async function connect(
  given: string | undefined,
  flags: ConnectFlags,
  { io, environment, directory }: CommandDependencies,
): Promise<void> {
  const { selector, fieldSelector } = flags;
  const isSelected = selector !== undefined || fieldSelector !== undefined;
  const app = isSelected ? given : await appName(given, directory, environment);
  const choice = {
    app,
    ...(selector !== undefined && { labelSelector: selector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  };
  const session = openKube(flags, environment);
  const pod = await waitForReadyPod(choice, session, flags.podRunningTimeout * 1000);
  const server = await forwardPort(pod, session, {
    port: flags.localPort ?? 0,
    onError: (error) => io.stderr.write(`error: ${errorText(error)}\n`),
  });
  const { port } = server.address() as AddressInfo;
  io.stdout.write(`Connected to ${pod.metadata?.name ?? ""}: http://127.0.0.1:${port}\n`);
  const end = new AbortController();
  const options = { follow: true, tailLines: 10, prefix: "", signal: end.signal };
  const log = copyPodLog(pod, session, { sink: io.stdout, options });
  try {
    await Promise.race([io.signals.next(), log]);
  } finally {
    end.abort();
    server.close();
  }
}

interface ForwardOptions {
  readonly port: number;
  onError(error: unknown): void;
}

async function forwardPort(
  pod: V1Pod,
  { config, namespace }: KubeSession,
  { port, onError }: ForwardOptions,
): Promise<Server> {
  const forward = new PortForward(config);
  const name = pod.metadata?.name ?? "";
  const server = createServer((socket: Socket) => {
    socket.on("error", () => socket.destroy());
    forward.portForward(namespace, name, [appPort], socket, null, socket).catch((error) => {
      onError(error);
      socket.destroy();
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch((error: unknown) => {
    throw new WhorlError(
      "listen",
      `cannot listen on 127.0.0.1:${port}: ${errorText(error)}; choose another --local-port`,
      { cause: error },
    );
  });
  return server;
}

function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Write a number.");
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("Write a port from 0 to 65535.");
}

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function parseSeconds(text: string): number {
  const [, amount, unit = "s"] = /^(\d{1,7})([smh])?$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError("Write a time such as 30s, 5m or 2h.");
  return Number(amount) * (secondsPerUnit[unit] ?? 1);
}

/**
 * The node agent. Commands: `run` (what a DaemonSet runs), `uninstall` (this node alone),
 * `uninstall-all` (all nodes, by their agents), and `on-host`, which it starts itself.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pino from "pino";
import { type AgentOptions, parseAgentOptions } from "./agent/agent-options.ts";
import { type HostCommands, hostCommands } from "./agent/host-command.ts";
import { KubeClient } from "./agent/kube-client.ts";
import { NodeFiles } from "./agent/node-files.ts";
import { nodePaths } from "./agent/node-paths.ts";
import { runOnHost } from "./agent/on-host.ts";
import { containerdRestart } from "./agent/restart-containerd.ts";
import { type ClusterPlace, runAgent } from "./agent/run-agent.ts";
import { takeNodeBack } from "./agent/take-node-back.ts";
import { uninstallAll } from "./agent/uninstall-all.ts";
import { errorText, ShimError } from "./error.ts";
import { version } from "./version.ts";

const account = "/var/run/secrets/kubernetes.io/serviceaccount";

const [first, ...rest] = process.argv.slice(2);
process.exitCode = first === "on-host" ? runOnHost(rest) : await main(process.argv.slice(2));

/** Gives the exit status: 2 for a wrong command line, 1 for whatever could not be done. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseAgentOptions(args);
    const stop = new AbortController();
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
    await act(options, stop.signal);
    return 0;
  } catch (error) {
    process.stderr.write(`whorl-agent: ${errorText(error)}\n`);
    return error instanceof ShimError && error.code === "invalid_argument" ? 2 : 1;
  }
}

async function act(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const logger = pino({ level: options.logLevel, base: null });
  const log = (message: string): void => logger.info(message);
  const commands = commandsOf(options);
  const restart = containerdRestart(commands, options.restartCommand);
  switch (options.command) {
    case "run": {
      const cluster = clusterPlace();
      await runAgent({ options, version, cluster, commands, restart, log, signal });
      cluster?.client[Symbol.dispose]();
      return;
    }
    case "uninstall": {
      const files = new NodeFiles(options.hostRoot);
      const paths = nodePaths(options.installFolder, options.runFolder);
      const { isForced } = options;
      return takeNodeBack({ options, files, paths, restart, log }, { isForced, signal });
    }
    case "uninstall-all": {
      using client = kubeClient();
      const { isForced, waitMs } = options;
      // Not returned as it is: the client has to live until then.
      await uninstallAll({ client, daemonSet: daemonSet(), isForced, waitMs, signal });
      return;
    }
  }
}

function commandsOf({ hostRoot }: AgentOptions): HostCommands {
  const self = fileURLToPath(import.meta.url);
  const flags = ["--disable-warning=ExperimentalWarning"];
  return hostCommands({ root: hostRoot, enter: [process.execPath, ...flags, self, "on-host"] });
}

/** Undefined outside of a cluster. */
function clusterPlace(): ClusterPlace | undefined {
  const nodeName = process.env["NODE_NAME"] ?? "";
  if (nodeName === "") return undefined;
  const { namespace, name } = daemonSet();
  const podName = required("POD_NAME");
  return { client: kubeClient(), nodeName, podName, namespace, daemonSet: name };
}

function daemonSet(): { readonly namespace: string; readonly name: string } {
  return { namespace: required("POD_NAMESPACE"), name: required("DAEMONSET_NAME") };
}

function required(name: string): string {
  const value = process.env[name] ?? "";
  if (value !== "") return value;
  throw new ShimError("invalid_argument", `the environment variable ${name} is not set`);
}

/** As every pod with a service account reaches its API server. */
function kubeClient(): KubeClient {
  const host = required("KUBERNETES_SERVICE_HOST");
  const port = required("KUBERNETES_SERVICE_PORT");
  return new KubeClient({
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: readFileSync(join(account, "ca.crt"), "utf8"),
    token: () => readFileSync(join(account, "token"), "utf8").trim(),
  });
}

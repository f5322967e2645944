import type { Command } from "commander";

/** Which cluster and namespace are meant. */
export interface KubeFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** Adds the flags that every command over a cluster has. */
export function addKubeFlags(command: Command): Command {
  return command
    .option("--kubeconfig <file>", "kubeconfig (environment: KUBECONFIG)")
    .option("--context <name>", "context of the kubeconfig (default: its current one)")
    .option("-n, --namespace <name>", "namespace (default: of the context)");
}

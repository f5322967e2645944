import { runtimePlugin } from "./containerd-configuration.ts";

/** A runtime handler to be configured. */
export interface DesiredHandler {
  readonly name: string;
  /** Absolute path of the shim on the node. */
  readonly shim: string;
  /** The shim serves the pods' sandboxes itself; containerd 2 and newer. */
  readonly servesSandbox: boolean;
}

/** Annotations of pods and containers that the shim is to see. */
const annotations = '["io.whorl.*", "whorl.dev/*"]';

/**
 * Tables of these handlers for a configuration of this version. There are no options: containerd
 * would hand them to the shim of ordinary containers in a form that this does not read.
 */
export function runtimeSection(version: number, handlers: readonly DesiredHandler[]): string {
  const plugin = `plugins.${version === 1 ? "cri" : `"${runtimePlugin(version)}"`}`;
  return handlers
    .map(({ name, shim, servesSandbox }) =>
      [
        `[${plugin}.containerd.runtimes.${JSON.stringify(name)}]`,
        `  runtime_type = ${JSON.stringify(shim)}`,
        `  pod_annotations = ${annotations}`,
        `  container_annotations = ${annotations}`,
        ...(servesSandbox ? ['  sandboxer = "shim"'] : []),
        "",
      ].join("\n"),
    )
    .join("\n");
}

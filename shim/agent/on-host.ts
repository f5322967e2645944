import { spawnSync } from "node:child_process";
import { linuxKernel } from "../host/kernel.ts";

/**
 * The command `on-host ROOT PROGRAM ARGS...` of the agent, for itself: runs a program of the node
 * in the namespaces of its first process, so that it is as if an administrator had started it. The
 * node's own nsenter does it; the shim needs util-linux in any case. Gives the exit status.
 */
export function runOnHost([root = "/", ...command]: readonly string[]): number {
  linuxKernel().enterRoot(root);
  const namespaces = ["--mount", "--uts", "--ipc", "--net"];
  const args = ["--target", "1", ...namespaces, "--", ...command];
  const { status, error } = spawnSync("nsenter", args, { stdio: "inherit" });
  if (error !== undefined) process.stderr.write(`nsenter of the node: ${error.message}\n`);
  return status ?? 1;
}

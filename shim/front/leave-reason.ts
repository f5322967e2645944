import { closeSync, constants, openSync, writeSync } from "node:fs";
import { shimLimits } from "../limits.ts";
import type { ContainerSpec } from "./container-spec.ts";
import { terminationPath } from "./termination-path.ts";

/** Leaves a container's last words in the file that Kubernetes reads, if it has mounted one. */
export function leaveReason(
  spec: Pick<ContainerSpec, "annotations" | "mounts">,
  reason: string,
): void {
  const path = terminationPath(spec);
  const source = spec.mounts.find(({ destination }) => destination === path)?.source;
  if (source === undefined) return;
  const bytes = Buffer.from(reason).subarray(0, shimLimits.terminationMessageBytesMax);
  try {
    const fd = openSync(source, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      writeSync(fd, bytes);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The log has the reason as well.
  }
}

import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { shimLimits } from "../limits.ts";
import {
  formatStartRecord,
  readBounded,
  readStartRecord,
  startFiles,
  type StartRecord,
} from "./bundle.ts";

/** Files that containerd writes into bundles. */
const containerdFiles = { pod: "sandbox", runtime: "shim-binary-path" } as const;

/**
 * How containerd called the shim for a container. From version 3 of the bootstrap on it runs `start`
 * for pods alone, and their containers join the pod's connection (core/runtime/v2/shim_manager.go of
 * containerd 2.4). Then what `start` would have left is written here, from what it left for the pod:
 * so `delete`, an upgrade and a clean-up find in each bundle what they always do.
 * @param podBundle of a pod that the front serves itself; others are beside their containers
 * @throws ShimError `failed_precondition` if nothing is known of the container, nor of its pod
 */
export function containerRecord(
  bundle: string,
  id: string,
  podBundle: (pod: string) => string | undefined,
): StartRecord {
  const isStarted = existsSync(join(bundle, startFiles.record));
  if (isStarted || !existsSync(join(bundle, containerdFiles.pod))) return readStartRecord(bundle);
  const name = readBounded(join(bundle, containerdFiles.pod), shimLimits.podNameBytesMax);
  const pod = podBundle(name.toString()) ?? join(dirname(bundle), name.toString());
  const record = { ...readStartRecord(pod), id, pod };
  writeFileSync(join(bundle, startFiles.record), formatStartRecord(record));
  keepRuntime(pod, bundle);
  return record;
}

/** With it containerd finds the shim again after its own restart, however it is configured. */
function keepRuntime(pod: string, bundle: string): void {
  const path = join(pod, containerdFiles.runtime);
  if (existsSync(path)) copyFileSync(path, join(bundle, containerdFiles.runtime));
}

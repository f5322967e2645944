import { errorText } from "../error.ts";
import { findApp, isWithoutProgram, layersOf, type RootfsMount } from "./app-in-rootfs.ts";
import type { StartRecord } from "./bundle.ts";
import { ContainerdClient } from "./containerd-client.ts";
import type { ContainerSpec } from "./container-spec.ts";
import type { ImageCache } from "./image-cache.ts";
import { chooseIsolation, type IsolationMode } from "./isolation.ts";
import type { TaskApp } from "./wasm-task.ts";
import { whyNotMounted } from "./why-not-mounted.ts";

/** A container whose app is looked for. */
export interface Candidate {
  readonly record: StartRecord;
  readonly spec: ContainerSpec;
  readonly rootfs: readonly RootfsMount[];
}

export interface FindTaskAppOptions {
  readonly images: ImageCache;
  /** Which pods share a host process, unless they say otherwise. */
  readonly isolation: IsolationMode;
  readonly log: (message: string) => void;
}

/**
 * The app of a container; undefined if it is an ordinary one. containerd is asked only where the
 * root has nothing that could be run.
 */
export async function findTaskApp(
  candidate: Candidate,
  options: FindTaskAppOptions,
): Promise<TaskApp | undefined> {
  const app = await lookForApp(candidate, options);
  const reason = app === undefined ? undefined : whyNotMounted(candidate);
  return reason === undefined ? app : { kind: "broken", reason };
}

async function lookForApp(
  candidate: Candidate,
  options: FindTaskAppOptions,
): Promise<TaskApp | undefined> {
  const { record, spec, rootfs } = candidate;
  const found = findApp(spec, rootfs);
  const inRootfs: TaskApp | undefined = found && { kind: "rootfs", path: found.path };
  if (found?.isThere === true) {
    return (await unpackedApp(candidate, found.path, options)) ?? inRootfs;
  }
  if (!isWithoutProgram(spec, rootfs)) return inRootfs;
  const { images, log } = options;
  using containerd = new ContainerdClient(record.address, record.namespace);
  try {
    const image = await images.find(record.id, containerd);
    return image.kind === "other" ? inRootfs : image;
  } catch (error) {
    log(`${record.id}: its image cannot be looked into: ${errorText(error)}`);
    return inRootfs;
  }
}

/** Out of its image's file system, if it can share a process with others then. */
async function unpackedApp(
  { record, spec, rootfs }: Candidate,
  path: string,
  { images, isolation: nodeDefault, log }: FindTaskAppOptions,
): Promise<TaskApp | undefined> {
  if (chooseIsolation({ spec, appKind: "image", nodeDefault }).kind === "pod") return undefined;
  using containerd = new ContainerdClient(record.address, record.namespace);
  try {
    const layers = layersOf(rootfs);
    const found = await images.findInRootfs(record.id, containerd, { path, layers });
    return found.kind === "image" ? found : undefined;
  } catch (error) {
    log(`${record.id}: its image cannot be unpacked: ${errorText(error)}`);
    return undefined;
  }
}

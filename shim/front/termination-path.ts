import { type ContainerSpec, criAnnotations } from "./container-spec.ts";

/** Kubelet writes it to each container; containerd passes it on if it is configured to. */
const annotation = "io.kubernetes.container.terminationMessagePath";

const defaultPath = "/dev/termination-log";

/**
 * Where a container is to leave its last words. Kubelet mounts a file of its own there, named after
 * the container, by which another path than the usual one is recognised.
 */
export function terminationPath(spec: Pick<ContainerSpec, "annotations" | "mounts">): string {
  const told = spec.annotations.get(annotation);
  if (told !== undefined) return told;
  const name = spec.annotations.get(criAnnotations.containerName) ?? "";
  const found = spec.mounts.find(({ source }) => {
    const [, container] = /\/containers\/([^/]+)\/[0-9a-f]{8}$/.exec(source) ?? [];
    return container !== undefined && container === name;
  });
  return found?.destination ?? defaultPath;
}

import { posix } from "node:path";
import { type ContainerSpec, criAnnotations, type SpecMount } from "./container-spec.ts";

/** Which pods share a host process. */
export const isolationModes = ["pod", "namespace", "shared"] as const;

export type IsolationMode = (typeof isolationModes)[number];

/** How a node is set up; `namespace` unless it says something else. */
export function nodeIsolation(value: string | undefined): IsolationMode {
  return isolationModes.find((each) => each === value) ?? "namespace";
}

/** Annotations of pods, the first one that is there counts; the operator writes the second one. */
export const isolationAnnotations = ["io.whorl.isolation", "whorl.dev/isolation"] as const;

export type Isolation =
  /** A process of its own, with why it is not what was asked for. */
  | { readonly kind: "pod"; readonly reason: string | undefined }
  /** A process for all containers of a domain. */
  | { readonly kind: "domain"; readonly domain: string };

export interface IsolationRequest {
  readonly spec: Pick<
    ContainerSpec,
    "annotations" | "user" | "additionalGroups" | "network" | "resources" | "mounts"
  >;
  /** Where the app is: a shared process runs only what was unpacked and checked before. */
  readonly appKind: "rootfs" | "image" | "broken";
  readonly nodeDefault: IsolationMode;
}

/** In which process a container's guests run; see docs/decisions.md for why what is refused is. */
export function chooseIsolation(request: IsolationRequest): Isolation {
  const { annotations } = request.spec;
  const annotation = isolationAnnotations.find((each) => annotations.has(each));
  const asked = annotation === undefined ? request.nodeDefault : annotations.get(annotation);
  const mode = isolationModes.find((each) => each === asked);
  if (mode === undefined) {
    return own(`${annotation} is "${asked}", none of ${isolationModes.join(", ")}`);
  }
  if (mode === "pod") return own(undefined);
  const reason = whyOwnProcess(request);
  if (reason !== undefined) return own(reason);
  const namespace = annotations.get(criAnnotations.namespace) ?? "";
  if (mode === "shared") return { kind: "domain", domain: "all" };
  if (namespace === "") return own("its namespace is not known");
  return { kind: "domain", domain: `ns-${namespace}` };
}

function own(reason: string | undefined): Isolation {
  return { kind: "pod", reason };
}

/** What one process cannot be for several containers at once. */
function whyOwnProcess({ spec, appKind }: IsolationRequest): string | undefined {
  const { user, additionalGroups, network, resources, mounts } = spec;
  if (user.uid !== 0 || user.gid !== 0) return `it runs as user ${user.uid}:${user.gid}`;
  if (additionalGroups.some((group) => group !== 0)) return "it has groups of its own";
  if (network.kind !== "path") return "it has no network of a pod";
  if (resources.memoryBytes !== undefined) return "it has a memory limit";
  if (resources.cpuQuotaUs !== undefined) return "it has a CPU limit";
  if (appKind === "rootfs") return "its app lies in a file system of its own";
  return whyMountsOwn(mounts);
}

function whyMountsOwn(mounts: readonly SpecMount[]): string | undefined {
  const paths = mounts.map(({ destination }) => posix.normalize(destination));
  for (const [index, { options }] of mounts.entries()) {
    if (options.some((option) => /^r?(?:shared|slave)$/.test(option))) {
      return `what is mounted below ${paths[index]} later has to be seen`;
    }
  }
  return undefined;
}

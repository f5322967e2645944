import { ShimError } from "../error.ts";

/** What the shim uses of a bundle's config.json (OCI runtime specification). */
export interface ContainerSpec {
  readonly args: readonly string[];
  readonly environment: readonly (readonly [string, string])[];
  readonly workingDirectory: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly additionalGroups: readonly number[];
  /** -1000 to 1000: the higher, the sooner the kernel ends it when the node has no memory left. */
  readonly oomScoreAdj: number;
  readonly isRootReadOnly: boolean;
  readonly mounts: readonly SpecMount[];
  readonly network: NetworkNamespace;
  /** Below each hierarchy of /sys/fs/cgroup; undefined where the specification names none. */
  readonly cgroupPath: string | undefined;
  readonly resources: SpecResources;
  readonly annotations: ReadonlyMap<string, string>;
}

export interface SpecMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
  /** Its files are to be seen under other users than their own (an idmapped mount). */
  readonly isMapped?: true;
}

/** The network that a container lives in. */
export type NetworkNamespace =
  | { readonly kind: "host" }
  | { readonly kind: "new" }
  | { readonly kind: "path"; readonly path: string };

/** Limits that are enforced; absent means none. */
export interface SpecResources {
  readonly memoryBytes?: number;
  readonly cpuShares?: number;
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  readonly pids?: number;
}

/** Annotations that containerd's CRI plugin writes into every config.json. */
export const criAnnotations = {
  type: "io.kubernetes.cri.container-type",
  sandboxId: "io.kubernetes.cri.sandbox-id",
  /** Kubernetes' namespace of the pod. */
  namespace: "io.kubernetes.cri.sandbox-namespace",
  containerName: "io.kubernetes.cri.container-name",
  imageName: "io.kubernetes.cri.image-name",
} as const;

/**
 * Reads a config.json. Unknown fields are ignored, missing ones get the specification's defaults.
 * @throws ShimError `invalid_argument` naming the field
 */
export function parseContainerSpec(bytes: Uint8Array): ContainerSpec {
  let root: Fields;
  try {
    root = fields(JSON.parse(Buffer.from(bytes).toString()), "config.json");
  } catch (error) {
    if (error instanceof ShimError) throw error;
    throw new ShimError("invalid_argument", "config.json is not JSON", { cause: error });
  }
  const process = optionalFields(root["process"], "process");
  const user = optionalFields(process["user"], "process.user");
  const linux = optionalFields(root["linux"], "linux");
  return {
    args: strings(process["args"], "process.args"),
    environment: strings(process["env"], "process.env").map(environmentEntry),
    workingDirectory: text(process["cwd"], "process.cwd") || "/",
    user: {
      uid: integer(user["uid"], "process.user.uid") ?? 0,
      gid: integer(user["gid"], "process.user.gid") ?? 0,
    },
    additionalGroups: list(user["additionalGids"], "process.user.additionalGids").map(
      (value) => integer(value, "process.user.additionalGids") ?? 0,
    ),
    oomScoreAdj: integer(process["oomScoreAdj"], "process.oomScoreAdj") ?? 0,
    isRootReadOnly: optionalFields(root["root"], "root")["readonly"] === true,
    mounts: list(root["mounts"], "mounts").map(mount),
    network: networkOf(list(linux["namespaces"], "linux.namespaces")),
    cgroupPath: text(linux["cgroupsPath"], "linux.cgroupsPath") || undefined,
    resources: parseResources(linux["resources"]),
    annotations: annotations(root["annotations"]),
  };
}

/** `linux.resources`, as in config.json and in updates. */
export function parseResources(value: unknown): SpecResources {
  const resources = optionalFields(value, "linux.resources");
  const memory = optionalFields(resources["memory"], "linux.resources.memory");
  const cpu = optionalFields(resources["cpu"], "linux.resources.cpu");
  const pids = optionalFields(resources["pids"], "linux.resources.pids");
  return {
    ...limit("memoryBytes", memory["limit"]),
    ...limit("cpuShares", cpu["shares"]),
    ...limit("cpuQuotaUs", cpu["quota"]),
    ...limit("cpuPeriodUs", cpu["period"]),
    ...limit("pids", pids["limit"]),
  };
}

/** Zero and negative numbers mean "no limit" everywhere in the specification. */
function limit(name: keyof SpecResources, value: unknown): SpecResources {
  const number = integer(value, `linux.resources: ${name}`);
  return number === undefined || number <= 0 ? {} : { [name]: number };
}

function networkOf(namespaces: readonly unknown[]): NetworkNamespace {
  for (const each of namespaces) {
    const namespace = fields(each, "linux.namespaces");
    if (namespace["type"] !== "network") continue;
    const path = text(namespace["path"], "linux.namespaces.path");
    return path === "" ? { kind: "new" } : { kind: "path", path };
  }
  return { kind: "host" };
}

function mount(value: unknown): SpecMount {
  const entry = fields(value, "mounts");
  const destination = text(entry["destination"], "mounts.destination");
  if (!destination.startsWith("/")) wrong("mounts.destination", "an absolute path");
  const options = strings(entry["options"], "mounts.options");
  const maps = ["uidMappings", "gidMappings"].flatMap((key) => list(entry[key], `mounts.${key}`));
  const isMapped = maps.length > 0 || options.some((option) => /^r?idmap$/.test(option));
  return {
    destination,
    type: text(entry["type"], "mounts.type"),
    source: text(entry["source"], "mounts.source"),
    options: options.map(mountOption),
    ...(isMapped && { isMapped }),
  };
}

/** Recursively or not: a guest can write to nothing below a volume that is read-only. */
function mountOption(option: string): string {
  return option === "rro" ? "ro" : option;
}

function environmentEntry(entry: string): readonly [string, string] {
  const at = entry.indexOf("=");
  return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
}

function annotations(value: unknown): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(optionalFields(value, "annotations")).map(([key, each]) => [
      key,
      text(each, `annotations.${key}`),
    ]),
  );
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown, place: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return wrong(place, "an object");
  }
  return value as Fields;
}

function optionalFields(value: unknown, place: string): Fields {
  return value === undefined || value === null ? {} : fields(value, place);
}

function list(value: unknown, place: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : wrong(place, "a list");
}

function text(value: unknown, place: string): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : wrong(place, "a string");
}

function strings(value: unknown, place: string): readonly string[] {
  return list(value, place).map((each) => text(each, place));
}

function integer(value: unknown, place: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  return Number.isSafeInteger(value) ? (value as number) : wrong(place, "an integer");
}

function wrong(place: string, wanted: string): never {
  throw new ShimError("invalid_argument", `config.json: ${place} has to be ${wanted}`);
}

import { WhorlError } from "../../runtime/error.ts";
import { parseReference } from "../../runtime/image/reference.ts";

/** What `whorl scaffold` is told, beside where the text goes. */
export interface ScaffoldOptions {
  /** Reference of the image. */
  readonly from: string;
  readonly replicas: number;
  readonly maxReplicas: number;
  readonly autoscaler: string;
  readonly targetCpuPercent: number;
  readonly targetMemoryPercent: number;
  readonly executor: string;
  readonly cpuLimit: string;
  readonly cpuRequest: string;
  readonly memoryLimit: string;
  readonly memoryRequest: string;
  readonly azureIdentity: boolean;
  readonly serviceAccountName: string;
  readonly imagePullSecrets: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
  readonly components: readonly string[];
  /** Content of the runtime config file. */
  readonly runtimeConfig: Uint8Array | undefined;
}

/** Options as they are when nothing but the image is given. */
export const scaffoldDefaults: Omit<ScaffoldOptions, "from"> = {
  replicas: 2,
  maxReplicas: 3,
  autoscaler: "",
  targetCpuPercent: 60,
  targetMemoryPercent: 60,
  executor: "containerd-shim-spin",
  cpuLimit: "",
  cpuRequest: "",
  memoryLimit: "",
  memoryRequest: "",
  azureIdentity: false,
  serviceAccountName: "",
  imagePullSecrets: [],
  variables: new Map(),
  components: [],
  runtimeConfig: undefined,
};

type Check = (options: ScaffoldOptions) => string | undefined;

/** In the order and with the texts of `spin kube scaffold`. */
const checks: readonly Check[] = [
  ({ replicas }) =>
    replicas < 0 ? `the minimum replica count (${replicas}) must be greater than 0` : undefined,
  ({ from }) => imageProblem(from),
];

const autoscalerChecks: readonly Check[] = [
  ({ autoscaler }) =>
    autoscaler === "hpa" || autoscaler === "keda"
      ? undefined
      : `invalid autoscaler type '${autoscaler}'; the autoscaler type must be either 'hpa' or 'keda'`,
  ({ maxReplicas }) =>
    maxReplicas < 0
      ? `the maximum replica count (${maxReplicas}) must be equal to or greater than 0`
      : undefined,
  ({ replicas, maxReplicas }) =>
    replicas > maxReplicas
      ? `the minimum replica count (${replicas}) must be less than or equal to the maximum replica count (${maxReplicas})`
      : undefined,
  ({ cpuLimit }) =>
    cpuLimit === "" ? "cpu limits must be set when autoscaling is enabled" : undefined,
  ({ memoryLimit }) =>
    memoryLimit === "" ? "memory limits must be set when autoscaling is enabled" : undefined,
  ({ targetCpuPercent }) => percentProblem("cpu", targetCpuPercent),
  ({ targetMemoryPercent }) => percentProblem("memory", targetMemoryPercent),
];

/** @throws WhorlError `usage` for the first thing that is wrong. */
export function checkScaffoldOptions(options: ScaffoldOptions): void {
  const applicable = options.autoscaler === "" ? checks : [...checks, ...autoscalerChecks];
  for (const check of applicable) {
    const problem = check(options);
    if (problem !== undefined) throw new WhorlError("usage", problem);
  }
}

/**
 * Name of the app of an image: the last part of its repository.
 * @throws WhorlError `usage` if the text is no reference.
 */
export function imageAppName(reference: string): string {
  const problem = imageProblem(reference);
  if (problem !== undefined) throw new WhorlError("usage", problem);
  const { repository } = parseReference(reference);
  return repository.slice(repository.lastIndexOf("/") + 1);
}

function imageProblem(from: string): string | undefined {
  try {
    parseReference(from);
    return undefined;
  } catch (error) {
    if (error instanceof WhorlError) return `invalid image reference provided: '${from}'`;
    throw error;
  }
}

function percentProblem(resource: string, percent: number): string | undefined {
  if (percent >= 1 && percent <= 100) return undefined;
  return `target ${resource} utilization percentage (${percent}) must be between 1 and 100`;
}

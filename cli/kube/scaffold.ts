import { checkScaffoldOptions, imageAppName } from "./scaffold-options.ts";
import type { ScaffoldOptions } from "./scaffold-options.ts";
import { yamlQuantity, yamlScalar } from "./yaml-scalar.ts";

/**
 * The manifest of an app: SpinApp, Secret with its runtime config, autoscaler; the same bytes as
 * `spin kube scaffold` gives, but that values are quoted where YAML would take them for something
 * else than text.
 * @throws WhorlError `usage` for options that contradict each other.
 */
export function scaffold(options: ScaffoldOptions): string {
  checkScaffoldOptions(options);
  const name = imageAppName(options.from);
  const documents = [spinApp(name, options)];
  if (options.runtimeConfig !== undefined) {
    documents.push(runtimeConfigSecret(name, options.runtimeConfig));
  }
  if (options.autoscaler === "hpa") documents.push(horizontalPodAutoscaler(name, options));
  if (options.autoscaler === "keda") documents.push(scaledObject(name, options));
  return documents.map((lines) => `${lines.join("\n")}\n`).join("---\n");
}

/** Name of the Secret that holds an app's runtime config. */
export function runtimeConfigSecretName(app: string): string {
  return `${app}-runtime-config`;
}

/** Lines of the Secret, without the separator before it. */
export function runtimeConfigSecret(app: string, content: Uint8Array): string[] {
  return [
    "apiVersion: v1",
    "kind: Secret",
    "metadata:",
    `  name: ${yamlScalar(runtimeConfigSecretName(app))}`,
    "type: Opaque",
    "data:",
    `  runtime-config.toml: ${Buffer.from(content).toString("base64")}`,
  ];
}

/** `limits:` and `requests:` as they stand below `resources:`; empty where no limit is set. */
export function resourceLines(options: ScaffoldOptions): string[] {
  const { cpuLimit, memoryLimit, cpuRequest, memoryRequest } = options;
  if (cpuLimit === "" && memoryLimit === "") return [];
  return [
    "limits:",
    ...quantityLines(cpuLimit, memoryLimit),
    ...(cpuRequest === "" && memoryRequest === ""
      ? []
      : ["requests:", ...quantityLines(cpuRequest, memoryRequest)]),
  ];
}

function quantityLines(cpu: string, memory: string): string[] {
  const lines = [];
  if (cpu !== "") lines.push(`  cpu: ${yamlQuantity(cpu)}`);
  if (memory !== "") lines.push(`  memory: ${yamlQuantity(memory)}`);
  return lines;
}

function spinApp(name: string, options: ScaffoldOptions): string[] {
  const { from, executor, autoscaler, replicas, azureIdentity, serviceAccountName } = options;
  return [
    "apiVersion: core.spinkube.dev/v1alpha1",
    "kind: SpinApp",
    "metadata:",
    `  name: ${yamlScalar(name)}`,
    "spec:",
    `  image: "${from}"`,
    `  executor: ${yamlScalar(executor)}`,
    autoscaler === "" ? `  replicas: ${replicas}` : "  enableAutoscaling: true",
    ...(azureIdentity ? ["  podLabels:", '    azure.workload.identity/use: "true"'] : []),
    ...(serviceAccountName === ""
      ? []
      : [`  serviceAccountName: ${yamlScalar(serviceAccountName)}`]),
    ...variableLines(options.variables),
    ...section(
      "components",
      options.components.map((component) => `- ${yamlScalar(component)}`),
    ),
    ...section("resources", indent(resourceLines(options))),
    ...section(
      "imagePullSecrets",
      options.imagePullSecrets.map((secret) => `  - name: ${yamlScalar(secret)}`),
    ),
    ...(options.runtimeConfig === undefined
      ? []
      : ["  runtimeConfig:", `    loadFromSecret: ${yamlScalar(runtimeConfigSecretName(name))}`]),
  ];
}

function variableLines(variables: ReadonlyMap<string, string>): string[] {
  return section(
    "variables",
    [...variables]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, value]) => [`- name: ${yamlScalar(key)}`, `  value: ${yamlScalar(value)}`]),
  );
}

/** A key of `spec` and what is below it; nothing where there is nothing below. */
function section(key: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${key}:`, ...indent(lines)];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function targetLines(kindOfScaler: readonly [string, string], name: string): string[] {
  const [apiVersion, kind] = kindOfScaler;
  return [
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    "metadata:",
    `  name: ${yamlScalar(`${name}-autoscaler`)}`,
    "spec:",
    "  scaleTargetRef:",
    "    apiVersion: apps/v1",
    "    kind: Deployment",
    `    name: ${yamlScalar(name)}`,
  ];
}

function horizontalPodAutoscaler(name: string, options: ScaffoldOptions): string[] {
  const metric = (resource: string, percent: number): string[] => [
    "  - type: Resource",
    "    resource:",
    `      name: ${resource}`,
    "      target:",
    "        type: Utilization",
    `        averageUtilization: ${percent}`,
  ];
  return [
    ...targetLines(["autoscaling/v2", "HorizontalPodAutoscaler"], name),
    `  minReplicas: ${options.replicas}`,
    `  maxReplicas: ${options.maxReplicas}`,
    "  metrics:",
    ...metric("cpu", options.targetCpuPercent),
    ...metric("memory", options.targetMemoryPercent),
  ];
}

function scaledObject(name: string, options: ScaffoldOptions): string[] {
  const trigger = (resource: string, percent: number): string[] => [
    `  - type: ${resource}`,
    "    metricType: Utilization",
    "    metadata:",
    `      value: "${percent}"`,
  ];
  return [
    ...targetLines(["keda.sh/v1alpha1", "ScaledObject"], name),
    `  minReplicaCount: ${options.replicas}`,
    `  maxReplicaCount: ${options.maxReplicas}`,
    "  triggers:",
    ...trigger("cpu", options.targetCpuPercent),
    ...trigger("memory", options.targetMemoryPercent),
  ];
}

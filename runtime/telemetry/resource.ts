import type { Environment } from "./otlp/otlp-options.ts";
import type { Attributes, AttributeValue } from "./trace/span-record.ts";

/** What the embedder knows of the process. */
export interface ResourceFacts {
  /** `spin` by default, as Spin has it, so that queries over services find it. */
  readonly serviceName?: string;
  /** Of this program. */
  readonly version: string;
  readonly hostName: string;
  readonly pid: number;
  /** More of them, such as `k8s.pod.name`. */
  readonly attributes?: Attributes;
}

/** Variables by which pods commonly learn who they are (downward API), and what they mean. */
const kubernetesVariables: readonly (readonly [attribute: string, ...variables: string[]])[] = [
  ["k8s.pod.name", "K8S_POD_NAME", "POD_NAME"],
  ["k8s.namespace.name", "K8S_NAMESPACE", "K8S_POD_NAMESPACE", "POD_NAMESPACE"],
  ["k8s.pod.uid", "K8S_POD_UID", "POD_UID"],
  ["k8s.pod.ip", "K8S_POD_IP", "POD_IP"],
  ["k8s.node.name", "K8S_NODE_NAME", "NODE_NAME"],
  ["k8s.container.name", "K8S_CONTAINER_NAME", "CONTAINER_NAME"],
  ["k8s.deployment.name", "K8S_DEPLOYMENT_NAME"],
  ["k8s.cluster.name", "K8S_CLUSTER_NAME", "CLUSTER_NAME"],
];

/**
 * Attributes of the process for every export. Weakest first: what is known of the process, the
 * pod's variables, the embedder's, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`.
 */
export function resourceAttributes(facts: ResourceFacts, environment: Environment): Attributes {
  const all = new Map<string, AttributeValue>([
    ["service.name", facts.serviceName ?? "spin"],
    ["service.version", facts.version],
    ["service.instance.id", `${facts.hostName}:${facts.pid}`],
    ["host.name", facts.hostName],
    ["process.pid", facts.pid],
    ["process.runtime.name", "whorl"],
    ["telemetry.sdk.name", "whorl"],
    ["telemetry.sdk.language", "nodejs"],
    ["telemetry.sdk.version", facts.version],
  ]);
  for (const [attribute, ...variables] of kubernetesVariables) {
    const value = variables.map((name) => environment[name]).find((text) => (text ?? "") !== "");
    if (value !== undefined) all.set(attribute, value);
  }
  for (const [key, value] of facts.attributes ?? []) all.set(key, value);
  for (const [key, value] of pairs(environment["OTEL_RESOURCE_ATTRIBUTES"] ?? "")) {
    all.set(key, value);
  }
  const name = environment["OTEL_SERVICE_NAME"] ?? "";
  if (name !== "") all.set("service.name", name);
  return [...all];
}

/** `key=value,key=value`, percent-encoded; if any part is wrong all of it is (specification). */
function pairs(text: string): [string, string][] {
  try {
    const found = text
      .split(",")
      .filter((part) => part.trim() !== "")
      .map((part): [string, string] => {
        const equals = part.indexOf("=");
        if (equals < 1) throw new Error("no key");
        return [
          decodeURIComponent(part.slice(0, equals).trim()),
          decodeURIComponent(part.slice(equals + 1).trim()),
        ];
      });
    return found;
  } catch {
    return [];
  }
}

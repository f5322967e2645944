/** One requirement of the Kubernetes AI Conformance checklist, v1.36. */
export interface SheetItem {
  readonly level: "MUST" | "SHOULD";
  readonly about: string;
  /** Why nothing of Whorl can be tried for it; undefined where there are checks. */
  readonly untouched?: string;
}

const noDevices = "Whorl serves no devices; containers beside an app get theirs from the kubelet.";

/** All requirements, by their names there: what Whorl does not touch is said, not left out. */
export const sheet = {
  "networking/ai_inference": {
    level: "MUST",
    about: "Gateway API: weighted split, routing by headers",
  },
  "schedulingOrchestration/gang_scheduling": {
    level: "MUST",
    about: "a gang scheduler can hold and admit the pods",
  },
  "schedulingOrchestration/cluster_autoscaling": {
    level: "MUST",
    about: "nodes can be added and removed below the pods",
  },
  "schedulingOrchestration/pod_autoscaling": {
    level: "MUST",
    about: "HorizontalPodAutoscaler, also on custom metrics",
  },
  "observability/accelerator_metrics": {
    level: "MUST",
    about: "metrics of accelerators",
    untouched: noDevices,
  },
  "observability/ai_service_metrics": {
    level: "MUST",
    about: "workloads are scraped in a standard format",
  },
  "security/secure_accelerator_access": {
    level: "MUST",
    about: "accelerators are isolated between workloads",
    untouched: `${noDevices} Guests have none.`,
  },
  "operator/robust_controller": {
    level: "MUST",
    about: "an operator with a CRD: runs, validates, reconciles, recovers",
  },
  "accelerators/driver_runtime_management": {
    level: "SHOULD",
    about: "drivers of accelerators",
    untouched: noDevices,
  },
  "accelerators/gpu_sharing": { level: "SHOULD", about: "shared GPUs", untouched: noDevices },
  "accelerators/virtualized_accelerator": {
    level: "SHOULD",
    about: "virtual accelerators",
    untouched: noDevices,
  },
  "networking/advanced_inference_ingress": {
    level: "SHOULD",
    about: "Gateway API Inference Extension",
    untouched: "An endpoint picker belongs to the gateway; Whorl brings none.",
  },
  "networking/high_performance_networking": {
    level: "SHOULD",
    about: "network devices by DRA",
    untouched: noDevices,
  },
  "networking/disaggregated_inference": {
    level: "SHOULD",
    about: "prefill and decode apart",
    untouched: "Models are served by other containers; an app only calls them.",
  },
} as const satisfies Readonly<Record<string, SheetItem>>;

export type SheetItemId = keyof typeof sheet;

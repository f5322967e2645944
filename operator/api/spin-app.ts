import type { Condition, KubeObject } from "../kube/object.ts";

/** Parts of the pod that go through as they are: the API server judges them. */
export type Passed = Readonly<Record<string, unknown>>;
type Strings = Readonly<Record<string, string>>;

/** One key of a ConfigMap or Secret of the app's namespace. */
export interface KeyReference {
  readonly name?: string;
  readonly key: string;
  readonly optional?: boolean;
}

export interface ValueSource {
  readonly configMapKeyRef?: KeyReference;
  readonly secretKeyRef?: KeyReference;
}

export interface Variable {
  readonly name: string;
  readonly value?: string;
  /** core/v1 EnvVarSource: beside the two references also fieldRef, resourceFieldRef, fileKeyRef. */
  readonly valueFrom?: ValueSource & Passed;
}

export interface StoreOption {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: ValueSource;
  readonly valueType?: "string" | "integer" | "float" | "boolean";
}

export interface Store {
  readonly name: string;
  readonly type: string;
  readonly options?: readonly StoreOption[];
}

export interface RuntimeConfig {
  readonly loadFromSecret?: string;
  readonly sqliteDatabases?: readonly Store[];
  readonly keyValueStores?: readonly Store[];
  readonly llmCompute?: Omit<Store, "name">;
}

export interface HealthProbe {
  readonly httpGet?: {
    readonly path: string;
    readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
  };
  readonly tcpSocket?: { readonly port?: number };
  readonly grpc?: { readonly port?: number; readonly service?: string };
  readonly initialDelaySeconds?: number;
  readonly timeoutSeconds?: number;
  readonly periodSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

export interface Named {
  readonly name: string;
}

export interface Autoscaling {
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  readonly targetCPUUtilizationPercentage?: number;
  readonly targetMemoryUtilizationPercentage?: number;
  readonly behavior?: Passed;
}

export interface JobSettings {
  readonly schedule?: string;
  readonly timeZone?: string;
  readonly concurrencyPolicy?: string;
  readonly startingDeadlineSeconds?: number;
  readonly successfulJobsHistoryLimit?: number;
  readonly failedJobsHistoryLimit?: number;
  readonly suspend?: boolean;
  readonly activeDeadlineSeconds?: number;
  readonly backoffLimit?: number;
  readonly completions?: number;
  readonly parallelism?: number;
  readonly restartPolicy?: "Never" | "OnFailure";
  readonly ttlSecondsAfterFinished?: number;
}

export interface GuestMount {
  readonly mountPath: string;
  readonly guestPath: string;
  readonly readOnly?: boolean;
  readonly components?: readonly string[];
}

export interface Telemetry {
  readonly endpoint?: string;
  readonly tracesEndpoint?: string;
  readonly metricsEndpoint?: string;
  readonly logsEndpoint?: string;
  readonly headersFrom?: KeyReference;
  readonly protocol?: string;
  readonly resourceAttributes?: Strings;
  readonly serviceName?: string;
  readonly metricsPort?: number;
  readonly logFormat?: "text" | "json";
  /** A number from 0 to 1. */
  readonly traceShare?: string;
}

export interface ServiceSettings {
  readonly annotations?: Strings;
  readonly appProtocol?: string;
  readonly port?: number;
  readonly type?: "ClusterIP" | "NodePort" | "LoadBalancer";
}

/** What the scheduler and the kubelet read, passed to the pods as it is. */
export interface PodSettings {
  readonly nodeSelector?: Strings;
  readonly tolerations?: readonly Passed[];
  readonly affinity?: Passed;
  readonly topologySpreadConstraints?: readonly Passed[];
  readonly priorityClassName?: string;
  readonly schedulerName?: string;
  readonly terminationGracePeriodSeconds?: number;
}

export interface SpinAppSpec extends PodSettings {
  readonly executor: string;
  readonly image: string;
  readonly replicas?: number;
  readonly enableAutoscaling?: boolean;
  readonly variables?: readonly Variable[];
  readonly components?: readonly string[];
  readonly runtimeConfig?: RuntimeConfig;
  readonly checks?: {
    readonly liveness?: HealthProbe;
    readonly readiness?: HealthProbe;
    readonly startup?: HealthProbe;
  };
  readonly resources?: { readonly limits?: Quantities; readonly requests?: Quantities };
  readonly invocationLimits?: Strings;
  readonly volumes?: readonly (Named & Passed)[];
  readonly volumeMounts?: readonly (Named & { readonly mountPath: string } & Passed)[];
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
  readonly serviceAccountName?: string;
  readonly podLabels?: Strings;
  readonly podAnnotations?: Strings;
  readonly deploymentAnnotations?: Strings;
  readonly serviceAnnotations?: Strings;
  readonly containers?: readonly (Named & Passed)[];
  readonly initContainers?: readonly (Named & Passed)[];
  readonly args?: readonly string[];
  readonly port?: number;
  readonly service?: ServiceSettings;
  readonly autoscaling?: Autoscaling;
  readonly podDisruptionBudget?: Passed;
  readonly strategy?: Passed;
  readonly job?: JobSettings;
  readonly isolation?: "pod" | "namespace" | "shared";
  readonly guestMounts?: readonly GuestMount[];
  readonly telemetry?: Telemetry;
  readonly securityContext?: Passed;
  readonly podSecurityContext?: Passed;
  readonly imagePullPolicy?: "Always" | "IfNotPresent" | "Never";
}

export type Quantities = Readonly<Record<string, string | number>>;

export interface SpinAppStatus {
  readonly conditions?: readonly Condition[];
  readonly activeScheduler?: string;
  readonly deploymentName?: string;
  readonly jobName?: string;
  readonly finishedJob?: string;
  readonly serviceName?: string;
  readonly url?: string;
  readonly observedGeneration?: number;
  readonly readyReplicas: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly selector?: string;
  readonly image?: string;
  readonly imageDigest?: string;
  readonly runtimeConfigSecret?: string;
  readonly referencesBaseline?: string;
}

/** `core.spinkube.dev/v1alpha1` SpinApp, as the API server returns it (defaults filled in). */
export interface SpinApp extends KubeObject {
  readonly spec: SpinAppSpec;
  readonly status?: SpinAppStatus;
}

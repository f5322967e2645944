/** `metav1.Condition`, as far as it is shown. */
export interface ConditionJson {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** What of a SpinApp (`core.spinkube.dev/v1alpha1`) is shown. */
export interface SpinAppJson {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: {
    readonly executor?: string;
    readonly image?: string;
    readonly replicas?: number;
    readonly enableAutoscaling?: boolean;
    readonly autoscaling?: object;
    readonly job?: object;
    readonly components?: readonly string[];
    readonly isolation?: string;
  };
  readonly status?: {
    readonly conditions?: readonly ConditionJson[];
    readonly activeScheduler?: string;
    readonly deploymentName?: string;
    readonly jobName?: string;
    readonly serviceName?: string;
    readonly url?: string;
    readonly readyReplicas?: number;
    readonly replicas?: number;
    readonly image?: string;
    readonly imageDigest?: string;
  };
}

interface ContainerStateJson {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: {
    readonly reason?: string;
    readonly message?: string;
    readonly exitCode?: number;
  };
}

export interface ContainerStatusJson {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerStateJson;
  readonly lastState?: ContainerStateJson;
}

/** What of a pod is shown. */
export interface PodJson {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly ConditionJson[];
    readonly initContainerStatuses?: readonly ContainerStatusJson[];
    readonly containerStatuses?: readonly ContainerStatusJson[];
  };
}

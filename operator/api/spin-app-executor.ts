import type { KubeObject } from "../kube/object.ts";

export interface OtelSettings {
  readonly exporter_otlp_endpoint?: string;
  readonly exporter_otlp_traces_endpoint?: string;
  readonly exporter_otlp_metrics_endpoint?: string;
  readonly exporter_otlp_logs_endpoint?: string;
}

export interface DeploymentConfig {
  readonly runtimeClassName?: string;
  readonly spinImage?: string;
  readonly caCertSecret?: string;
  readonly installDefaultCACerts?: boolean;
  readonly otel?: OtelSettings;
}

export interface SpinAppExecutorSpec {
  readonly createDeployment: boolean;
  readonly deploymentConfig?: DeploymentConfig;
  readonly clusterDefault?: boolean;
}

/** `core.spinkube.dev/v1alpha1` SpinAppExecutor. */
export interface SpinAppExecutor extends KubeObject {
  readonly spec: SpinAppExecutorSpec;
}

import {
  caCertificatesKey,
  defaultCaSecret,
  managedByAnnotation,
  managedByValue,
  runtimeConfigKey,
} from "../api/names.ts";
import type { SpinApp } from "../api/spin-app.ts";
import type { DeploymentConfig } from "../api/spin-app-executor.ts";
import { OperatorError } from "../error.ts";
import { deployment } from "./deployment.ts";
import type { ResolvedExecutor } from "./executor.ts";
import { job } from "./job.ts";
import { childMeta, ownerReference } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { adler32Hex, runtimeConfigText } from "./runtime-config.ts";
import type { ReferencedValues } from "./runtime-config.ts";
import { horizontalPodAutoscaler, podDisruptionBudget } from "./scaling.ts";
import { service } from "./service.ts";

export interface DesireInput {
  readonly app: SpinApp;
  readonly executor: ResolvedExecutor;
  readonly values: ReferencedValues;
  /** Digest for the pod template; undefined leaves the template as spin-operator made it. */
  readonly references?: string | undefined;
}

/** Everything that should exist for an app. */
export interface Children {
  /** Never changed once made: the name depends on the content. */
  readonly runtimeConfig: Manifest | undefined;
  /** A Deployment, Job or CronJob; undefined where the executor runs apps itself. */
  readonly workload: Manifest | undefined;
  /** Undefined for Jobs and CronJobs. */
  readonly service: Manifest | undefined;
  readonly autoscaler: Manifest | undefined;
  readonly disruptionBudget: Manifest | undefined;
  /** Name of the certificate Secret that the operator has to provide in the namespace. */
  readonly caCertificates: string | undefined;
}

/**
 * What should exist for an app: pure and total over valid input. Throws `invalid` for what cannot
 * be, `missing` for referenced objects that are not there.
 */
export function desiredChildren(input: DesireInput): Children {
  const { app, executor } = input;
  const config = deploymentConfig(executor);
  if (config === undefined) return externalChildren(app);
  const runtimeConfig = runtimeConfigSecret(app, input.values);
  const trusted = trustedSecret(config);
  const caCertificates = config.installDefaultCACerts === true ? trusted : undefined;
  const pod = {
    app,
    config,
    references: input.references,
    secrets: {
      runtimeConfig: runtimeConfig?.metadata.name ?? app.spec.runtimeConfig?.loadFromSecret,
      caCertificates: trusted,
    },
  };
  const { autoscaling, podDisruptionBudget: budget, job: jobSettings } = app.spec;
  if (jobSettings !== undefined) {
    const workload = job(pod, jobSettings);
    return { ...none, runtimeConfig, workload, caCertificates };
  }
  return {
    runtimeConfig,
    workload: deployment(pod),
    service: service(app),
    autoscaler: autoscaling && horizontalPodAutoscaler(app, autoscaling),
    disruptionBudget: budget && podDisruptionBudget(app, budget),
    caCertificates,
  };
}

const none: Children = {
  runtimeConfig: undefined,
  workload: undefined,
  service: undefined,
  autoscaler: undefined,
  disruptionBudget: undefined,
  caCertificates: undefined,
};

/** Something else runs the app: only its Service is ours. */
function externalChildren(app: SpinApp): Children {
  return { ...none, service: app.spec.job === undefined ? service(app) : undefined };
}

function deploymentConfig({ name, spec }: ResolvedExecutor): DeploymentConfig | undefined {
  if (!spec.createDeployment) return undefined;
  if (spec.deploymentConfig !== undefined) return spec.deploymentConfig;
  throw new OperatorError(
    "invalid",
    `SpinAppExecutor ${name} has createDeployment but no deploymentConfig: set runtimeClassName or spinImage there`,
  );
}

function runtimeConfigSecret(app: SpinApp, values: ReferencedValues): Manifest | undefined {
  const { runtimeConfig = {} } = app.spec;
  if (runtimeConfig.loadFromSecret) return undefined;
  const text = runtimeConfigText(runtimeConfig, values);
  const name = `${app.metadata.name}-${adler32Hex(text)}`;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...childMeta(app, { ownerReferences: [ownerReference(app)] }), name },
    data: { [runtimeConfigKey]: Buffer.from(text).toString("base64") },
  };
}

/** Name of the Secret whose certificate authorities the apps of an executor trust, if it has one. */
export function trustedSecret(config: DeploymentConfig): string | undefined {
  const { installDefaultCACerts, caCertSecret } = config;
  return installDefaultCACerts === true ? caCertSecret || defaultCaSecret : caCertSecret;
}

/** The Secret with public certificate authorities: one for a namespace, owned by no app. */
export function caSecret(namespace: string, name: string, certificates: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, annotations: { [managedByAnnotation]: managedByValue } },
    data: { [caCertificatesKey]: Buffer.from(certificates).toString("base64") },
  };
}

/** All children in the order in which they are applied: what is referred to comes first. */
export function childList(children: Children): readonly Manifest[] {
  const { runtimeConfig, workload, service: ownService, autoscaler, disruptionBudget } = children;
  return [runtimeConfig, workload, ownService, autoscaler, disruptionBudget].filter(
    (child) => child !== undefined,
  );
}

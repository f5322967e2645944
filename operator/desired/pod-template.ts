import {
  appNameLabel,
  defaultHttpPort,
  httpPortName,
  isolationAnnotation,
  readyLabel,
  referencesAnnotation,
} from "../api/names.ts";
import type { Passed, SpinApp, SpinAppSpec } from "../api/spin-app.ts";
import type { DeploymentConfig } from "../api/spin-app-executor.ts";
import { OperatorError } from "../error.ts";
import { environment } from "./environment.ts";
import { present } from "./manifest.ts";
import { probes } from "./probes.ts";
import { podVolumes } from "./volumes.ts";
import type { MountedSecrets } from "./volumes.ts";

export interface PodInput {
  readonly app: SpinApp;
  readonly config: DeploymentConfig;
  readonly secrets: MountedSecrets;
  /** Digest of referenced values, where a change of them has to roll the pods. */
  readonly references: string | undefined;
  /** Pods that end by themselves serve nobody: they must not become endpoints. */
  readonly serves: boolean;
}

/** Labels by which a Deployment finds its pods: immutable, so the same as spin-operator's. */
export function podSelector(app: SpinApp): Readonly<Record<string, string>> {
  const { name } = app.metadata;
  return { [appNameLabel]: name, [readyLabel(name)]: "ready" };
}

/** The pod template of an app. Throws `invalid` where the executor says neither how to run it. */
export function podTemplate(input: PodInput): Passed {
  const { app, config, serves } = input;
  const { spec } = app;
  const { volumes, mounts } = podVolumes(spec, input.secrets);
  const ownLabels = serves ? podSelector(app) : { [appNameLabel]: app.metadata.name };
  return {
    metadata: {
      labels: { ...spec.podLabels, ...ownLabels },
      annotations: {
        ...spec.podAnnotations,
        ...present({
          [isolationAnnotation]: spec.isolation,
          [referencesAnnotation]: input.references,
        }),
      },
    },
    spec: {
      ...runtimeClass(config),
      serviceAccountName: spec.serviceAccountName || "default",
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers }),
      containers: [appContainer(app, config, mounts), ...(spec.containers ?? [])],
      ...nonEmpty("imagePullSecrets", spec.imagePullSecrets),
      ...nonEmpty("volumes", volumes),
      ...passedSettings(spec),
    },
  };
}

function runtimeClass({ runtimeClassName }: DeploymentConfig): Passed {
  return runtimeClassName === undefined ? {} : { runtimeClassName };
}

function appContainer(app: SpinApp, config: DeploymentConfig, mounts: readonly Passed[]): Passed {
  const { spec } = app;
  const { limits, requests } = spec.resources ?? {};
  return {
    name: app.metadata.name,
    ...program(spec, config),
    ports: ports(spec),
    env: environment(spec, config.otel),
    ...nonEmpty("volumeMounts", mounts),
    resources: present({ limits, requests }),
    ...probes(spec),
    ...present({ imagePullPolicy: spec.imagePullPolicy, securityContext: spec.securityContext }),
  };
}

function ports({ port = defaultHttpPort, telemetry }: SpinAppSpec): readonly Passed[] {
  const http = { name: httpPortName, containerPort: port };
  const metrics = telemetry?.metricsPort;
  return metrics === undefined ? [http] : [http, { name: "metrics", containerPort: metrics }];
}

/** What the container starts: the app by the shim, or the Spin CLI with the app as argument. */
function program(spec: SpinAppSpec, { runtimeClassName, spinImage }: DeploymentConfig): Passed {
  if (runtimeClassName !== undefined) {
    // runwasi wants an entrypoint; "/" says that there is none.
    return { image: spec.image, command: ["/"], ...nonEmpty("args", spec.args) };
  }
  if (spinImage === undefined) {
    throw new OperatorError(
      "invalid",
      "the executor must specify either runtimeClassName or spinImage in its deploymentConfig",
    );
  }
  const components = (spec.components ?? []).flatMap((name) => ["--component-id", name]);
  const listen = `0.0.0.0:${spec.port ?? defaultHttpPort}`;
  return {
    image: spinImage,
    args: [
      ...["up", "--listen", listen, "-f", spec.image],
      ...["--runtime-config-file", "/runtime-config.toml"],
      ...components,
    ],
  };
}

function passedSettings(spec: SpinAppSpec): Passed {
  const { nodeSelector, tolerations, affinity, topologySpreadConstraints } = spec;
  const { priorityClassName, schedulerName, terminationGracePeriodSeconds } = spec;
  return present({
    nodeSelector,
    tolerations,
    affinity,
    topologySpreadConstraints,
    priorityClassName,
    schedulerName,
    securityContext: spec.podSecurityContext,
    terminationGracePeriodSeconds,
  });
}

function nonEmpty(field: string, items: readonly unknown[] | undefined): Passed {
  return items === undefined || items.length === 0 ? {} : { [field]: items };
}

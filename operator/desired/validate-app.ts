import { appNameLengthMax } from "../api/names.ts";
import { parseQuantity } from "../api/quantity.ts";
import type { HealthProbe, SpinApp, SpinAppSpec, Store } from "../api/spin-app.ts";
import type { ResolvedExecutor } from "./executor.ts";
import { isAutoscaled } from "./deployment.ts";
import { caVolume, runtimeConfigVolume } from "./volumes.ts";

/** Something wrong with an app: where, what, and what to do. */
export interface Violation {
  readonly field: string;
  readonly message: string;
  /** Whether it keeps the app from running; if not, only new objects are refused for it. */
  readonly fatal: boolean;
}

type Check = (app: SpinApp) => readonly Violation[];

/**
 * The rules of the CRD as functions: for manifests on disk, and for objects that were stored before
 * the rules existed. Order as in upstream's webhook, what upstream forgets comes last.
 */
const checks: readonly Check[] = [
  replicasWithAutoscaling,
  replicasNegative,
  memoryLimitUnreadable,
  memoryLimitAboveResources,
  nameTooLongOrOdd,
  imageMissing,
  variableNameOdd,
  variableTwice,
  variableWithTwoValues,
  volumeNameReserved,
  storeTwice,
  probeWithoutKind,
  jobWithDeploymentSettings,
  guestMountWithoutVolume,
  containerNameTaken,
];

/** All violations of an app, in the order of the rules; empty for a good one. */
export function validateApp(app: SpinApp): readonly Violation[] {
  return checks.flatMap((check) => check(app));
}

/** Settings that an executor without Deployments cannot honour (upstream's messages). */
export function validateExecutorUse(
  { spec }: SpinApp,
  executor: ResolvedExecutor,
): readonly Violation[] {
  if (executor.spec.createDeployment) return [];
  return (["deploymentAnnotations", "podAnnotations"] as const).flatMap((field) =>
    Object.keys(spec[field] ?? {}).length === 0
      ? []
      : one(
          `spec.${field}`,
          `${field} can't be set when the executor does not use operator deployments`,
          false,
        ),
  );
}

function one(field: string, message: string, fatal = true): readonly Violation[] {
  return [{ field, message, fatal }];
}

function replicasWithAutoscaling({ spec }: SpinApp): readonly Violation[] {
  if (!isAutoscaled(spec) || !spec.replicas) return [];
  return one("spec.replicas", "replicas cannot be set when autoscaling is enabled", false);
}

function replicasNegative({ spec }: SpinApp): readonly Violation[] {
  if ((spec.replicas ?? 0) >= 0) return [];
  return one("spec.replicas", "replicas must be > 0, or 0 to stop all pods");
}

function memoryLimitUnreadable({ spec }: SpinApp): readonly Violation[] {
  const memory = spec.invocationLimits?.["memory"];
  if (memory === undefined || parseQuantity(memory) !== undefined) return [];
  return one(
    "spec.invocationLimits[memory]",
    "memory limit must be a valid memory quantity (e.g. 128Mi, 1Gi)",
  );
}

function memoryLimitAboveResources({ spec }: SpinApp): readonly Violation[] {
  const { limits, requests } = spec.resources ?? {};
  const bound = limits?.["memory"] ?? requests?.["memory"];
  const memory = parseQuantity(spec.invocationLimits?.["memory"] ?? "");
  const most = bound === undefined ? undefined : parseQuantity(bound);
  if (memory === undefined || most === undefined || memory <= most) return [];
  const kind = limits?.["memory"] === undefined ? "request" : "limit";
  return one(
    "spec.invocationLimits[memory]",
    `invocation limit quantity cannot be greater than the memory ${kind} (${bound})`,
    false,
  );
}

function nameTooLongOrOdd({ metadata: { name } }: SpinApp): readonly Violation[] {
  if (name.length > appNameLengthMax) {
    return one(
      "metadata.name",
      `metadata.name must have at most ${appNameLengthMax} characters, not ${name.length}: it becomes part of the label core.spinkube.dev/app.NAME.status`,
    );
  }
  if (/^[a-z]([-a-z0-9]*[a-z0-9])?$/u.test(name)) return [];
  return one(
    "metadata.name",
    `metadata.name must be lower-case letters, digits and '-', beginning with a letter, not "${name}": the Service and the container get this name`,
  );
}

function imageMissing({ spec }: SpinApp): readonly Violation[] {
  return spec.image ? [] : one("spec.image", "image must be set to the OCI reference of the app");
}

function variableNameOdd({ spec }: SpinApp): readonly Violation[] {
  return (spec.variables ?? []).flatMap(({ name }, index) =>
    /^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$/u.test(name)
      ? []
      : one(
          `spec.variables[${index}].name`,
          `"${name}" cannot be the name of a variable: use letters, digits and single '_' between them, beginning with a letter, as in the app's manifest`,
          false,
        ),
  );
}

function variableTwice({ spec }: SpinApp): readonly Violation[] {
  const upper = (spec.variables ?? []).map(({ name }) => name.toUpperCase());
  return upper.flatMap((name, index) =>
    upper.indexOf(name) === index
      ? []
      : one(
          `spec.variables[${index}].name`,
          `variable ${name.toLowerCase()} is given twice: remove one`,
        ),
  );
}

function variableWithTwoValues({ spec }: SpinApp): readonly Violation[] {
  return (spec.variables ?? []).flatMap(({ name, value, valueFrom }, index) =>
    value && valueFrom !== undefined
      ? one(
          `spec.variables[${index}]`,
          `variable ${name} has either a value or valueFrom, not both: remove one`,
        )
      : [],
  );
}

/** Any name with our prefix is refused, but an old object is broken only by the names in use. */
function volumeNameReserved({ spec }: SpinApp): readonly Violation[] {
  return (spec.volumes ?? []).flatMap(({ name }, index) =>
    name.startsWith("spin-")
      ? one(
          `spec.volumes[${index}].name`,
          `a volume's name must not begin with 'spin-': the operator uses such names; rename "${name}"`,
          name === runtimeConfigVolume || name === caVolume,
        )
      : [],
  );
}

function storeTwice({ spec }: SpinApp): readonly Violation[] {
  const { keyValueStores, sqliteDatabases, loadFromSecret } = spec.runtimeConfig ?? {};
  if (loadFromSecret) return [];
  return [
    ...doubles("keyValueStores", "key value store", keyValueStores),
    ...doubles("sqliteDatabases", "sqlite database", sqliteDatabases),
  ];
}

function doubles(field: string, kind: string, stores: readonly Store[] = []): readonly Violation[] {
  const names = stores.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : one(
          `spec.runtimeConfig.${field}[${index}].name`,
          `duplicate definition for ${kind} with name: ${name}`,
        ),
  );
}

function probeWithoutKind({ spec }: SpinApp): readonly Violation[] {
  return Object.entries(spec.checks ?? {}).flatMap(([name, check]: [string, HealthProbe]) => {
    const kinds = [check.httpGet, check.tcpSocket, check.grpc].filter(Boolean).length;
    return kinds === 1
      ? []
      : one(
          `spec.checks.${name}`,
          "probe exists but with unknown configuration, expected httpGet: give exactly one of httpGet, tcpSocket and grpc",
        );
  });
}

function jobWithDeploymentSettings({ spec }: SpinApp): readonly Violation[] {
  if (spec.job === undefined) return [];
  const unfit = (
    ["autoscaling", "podDisruptionBudget", "strategy"] as const satisfies (keyof SpinAppSpec)[]
  ).filter((field) => spec[field] !== undefined);
  return unfit.flatMap((field) =>
    one(`spec.${field}`, `${field} is for Deployments: remove it, or remove job`),
  );
}

function guestMountWithoutVolume({ spec }: SpinApp): readonly Violation[] {
  const folder = (path: string): string => path.replace(/\/+$/u, "");
  const mounted = (spec.volumeMounts ?? []).map(({ mountPath }) => folder(mountPath));
  return (spec.guestMounts ?? []).flatMap(({ mountPath }, index) =>
    mounted.includes(folder(mountPath))
      ? []
      : one(
          `spec.guestMounts[${index}].mountPath`,
          `${mountPath} is no volume of the app: give the mountPath of one of volumeMounts`,
        ),
  );
}

function containerNameTaken({ metadata, spec }: SpinApp): readonly Violation[] {
  const names = [metadata.name];
  return (["initContainers", "containers"] as const).flatMap((field) =>
    (spec[field] ?? []).flatMap(({ name }, index) => {
      const taken = names.includes(name);
      names.push(name);
      return taken
        ? one(
            `spec.${field}[${index}].name`,
            `the pod has two containers named "${name}" (the app's own is "${metadata.name}"): rename this one`,
          )
        : [];
    }),
  );
}

import { createHash } from "node:crypto";
import { caCertificatesKey, runtimeConfigKey } from "../api/names.ts";
import type { SpinAppSpec, ValueSource } from "../api/spin-app.ts";
import type { DeploymentConfig } from "../api/spin-app-executor.ts";
import type { ReferencedValues } from "./runtime-config.ts";

/** A ConfigMap or Secret that an app takes values from. */
export interface Reference {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
  /** Undefined where the whole object counts. */
  readonly key: string;
  /** Whether a pod starts without it. */
  readonly optional: boolean;
  /** The field of the app, for messages. */
  readonly field: string;
}

/** References of the runtime configuration: a changed value becomes a new Secret name. */
export function configReferences({ runtimeConfig = {} }: SpinAppSpec): readonly Reference[] {
  if (runtimeConfig.loadFromSecret) return [];
  const { keyValueStores = [], sqliteDatabases = [], llmCompute } = runtimeConfig;
  const stores = [...keyValueStores, ...sqliteDatabases, ...(llmCompute ? [llmCompute] : [])];
  return stores
    .flatMap(({ options = [] }) => options)
    .flatMap(({ name, valueFrom }) => sourceReference(`option ${name}`, valueFrom));
}

/**
 * References that pods read once when they start (environment, files with subPath): a changed value
 * needs new pods.
 */
export function startReferences(
  spec: SpinAppSpec,
  config: DeploymentConfig | undefined,
): readonly Reference[] {
  const { variables = [], runtimeConfig, telemetry } = spec;
  const found = variables.flatMap(({ name, valueFrom }) =>
    sourceReference(`variable ${name}`, valueFrom),
  );
  const whole = (name: string | undefined, key: string, field: string): Reference[] =>
    name ? [{ kind: "Secret", name, key, optional: true, field }] : [];
  return [
    ...found,
    ...whole(runtimeConfig?.loadFromSecret, runtimeConfigKey, "runtimeConfig.loadFromSecret"),
    // Certificates that the operator provides are renewed without rolling every pod.
    ...(config?.installDefaultCACerts === true
      ? []
      : whole(config?.caCertSecret, caCertificatesKey, "the executor's caCertSecret")),
    ...(telemetry?.headersFrom === undefined
      ? []
      : sourceReference("telemetry.headersFrom", { secretKeyRef: telemetry.headersFrom })),
  ];
}

function sourceReference(field: string, source: ValueSource | undefined): readonly Reference[] {
  const { configMapKeyRef, secretKeyRef } = source ?? {};
  const reference = configMapKeyRef ?? secretKeyRef;
  if (reference === undefined) return [];
  const kind = configMapKeyRef === undefined ? "Secret" : "ConfigMap";
  const { name = "", key, optional = false } = reference;
  return [{ kind, name, key, optional, field }];
}

const digestLength = 8;

/**
 * Digest of what these references say now; undefined without references. Short on purpose: it shows
 * a change, but is too little to test guesses of a secret against.
 */
export function referencesDigest(
  references: readonly Reference[],
  values: ReferencedValues,
): string | undefined {
  if (references.length === 0) return undefined;
  const hash = createHash("sha256");
  for (const { kind, name, key } of references) {
    const value = dataOf(kind, name, values)?.[key];
    hash.update(JSON.stringify([kind, name, key, value ?? null]));
  }
  return hash.digest("hex").slice(0, digestLength);
}

/** References that keep a pod from starting, with the reason in words. */
export function missingReferences(
  references: readonly Reference[],
  values: ReferencedValues,
): readonly string[] {
  return references
    .filter(({ optional }) => !optional)
    .flatMap(({ kind, name, key, field }) => {
      const data = dataOf(kind, name, values);
      if (data === undefined) return [`${field}: ${kind} ${name} does not exist`];
      return key in data ? [] : [`${field}: ${kind} ${name} has no key ${key}`];
    });
}

function dataOf(
  kind: Reference["kind"],
  name: string,
  values: ReferencedValues,
): Readonly<Record<string, string>> | undefined {
  return kind === "ConfigMap" ? values.configMap(name) : values.secret(name);
}

/** What the pod template gets, and what the status remembers. */
export interface RolloutReferences {
  readonly annotation: string | undefined;
  readonly baseline: string | undefined;
}

/**
 * Decides whether the pod template carries the digest. It does not for the values that the app was
 * first seen with, so that the pods of spin-operator go on running; it does once they have changed.
 */
export function rolloutReferences(facts: {
  /** Digest of the values now; undefined without references. */
  readonly current: string | undefined;
  /** `status.referencesBaseline`. */
  readonly baseline: string | undefined;
  /** What the live pod template carries. */
  readonly annotation: string | undefined;
  /** Whether pods cannot start yet, so that no pod has seen the values. */
  readonly isMissing: boolean;
}): RolloutReferences {
  const { current, baseline, annotation, isMissing } = facts;
  if (current === undefined) return { annotation: undefined, baseline: undefined };
  if (isMissing) return { annotation, baseline };
  if (baseline !== undefined) {
    return { annotation: current === baseline ? undefined : current, baseline };
  }
  return annotation === undefined
    ? { annotation: undefined, baseline: current }
    : { annotation: current, baseline: undefined };
}

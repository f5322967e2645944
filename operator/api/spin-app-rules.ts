import type { ValidationRule } from "./json-schema.ts";
import { appNameLengthMax } from "./names.ts";

/**
 * Admission rules in CEL, so that no webhook is needed. Where spin-operator's webhook has a rule,
 * the message is the same; the remedy follows where the message alone does not name it. The same
 * rules exist as functions in `operator/desired/validate-app.ts` for objects that slipped in.
 */

/**
 * On the whole object: only here CEL sees metadata.name. Objects that have a status passed once
 * (or existed before there were rules) and must stay writable, so that it can tell their problem.
 */
export const nameRules: readonly ValidationRule[] = [
  {
    rule: `has(self.status) || self.metadata.name.size() <= ${appNameLengthMax}`,
    message: `metadata.name must have at most ${appNameLengthMax} characters: it becomes part of the label core.spinkube.dev/app.NAME.status`,
  },
  {
    rule: "has(self.status) || self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message:
      "metadata.name must be lower-case letters, digits and '-', beginning with a letter: the Service and the container get this name",
  },
];

const autoscaled = "(self.enableAutoscaling || has(self.autoscaling))";

export const specRules: readonly ValidationRule[] = [
  {
    rule: `!${autoscaled} || !has(self.replicas) || self.replicas == 0`,
    message: "replicas cannot be set when autoscaling is enabled",
    fieldPath: ".replicas",
  },
  {
    rule: "!has(self.replicas) || self.replicas >= 0",
    message: "replicas must be > 0, or 0 to stop all pods",
    fieldPath: ".replicas",
  },
  {
    rule: "self.image != ''",
    message: "image must be set to the OCI reference of the app",
    fieldPath: ".image",
  },
  {
    rule: "!has(self.variables) || self.variables.all(v, v.name.matches('^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$'))",
    message:
      "a variable's name must be letters, digits and single '_' between them, beginning with a letter, as in the app's manifest",
    fieldPath: ".variables",
  },
  {
    rule: "!has(self.variables) || self.variables.all(v, !has(v.value) || v.value == '' || !has(v.valueFrom))",
    message: "a variable has either a value or valueFrom, not both",
    fieldPath: ".variables",
  },
  {
    rule: "!has(self.volumes) || self.volumes.all(v, !v.name.startsWith('spin-'))",
    message: "a volume's name must not begin with 'spin-': the operator uses such names; rename it",
    fieldPath: ".volumes",
  },
  {
    rule: "!has(self.job) || !(has(self.replicas) && self.replicas > 1) && !has(self.autoscaling) && !self.enableAutoscaling && !has(self.podDisruptionBudget) && !has(self.strategy)",
    message:
      "replicas, autoscaling, podDisruptionBudget and strategy are for Deployments: remove them, or remove job",
    fieldPath: ".job",
  },
  {
    rule: "!has(self.guestMounts) || self.guestMounts.size() == 0 || has(self.volumeMounts)",
    message: "guestMounts shows volumeMounts to guests: add the volume mount",
    fieldPath: ".guestMounts",
  },
  {
    rule: "!has(self.invocationLimits) || !('memory' in self.invocationLimits) || !isQuantity(self.invocationLimits['memory']) || !has(self.resources) || !has(self.resources.limits) || !('memory' in self.resources.limits) || quantity(self.invocationLimits['memory']).compareTo(quantity(string(self.resources.limits['memory']))) <= 0",
    message: "invocation limit quantity cannot be greater than the memory limit",
    fieldPath: ".invocationLimits",
  },
  {
    rule: "!has(self.invocationLimits) || !('memory' in self.invocationLimits) || !isQuantity(self.invocationLimits['memory']) || !has(self.resources) || (has(self.resources.limits) && 'memory' in self.resources.limits) || !has(self.resources.requests) || !('memory' in self.resources.requests) || quantity(self.invocationLimits['memory']).compareTo(quantity(string(self.resources.requests['memory']))) <= 0",
    message: "invocation limit quantity cannot be greater than the memory request",
    fieldPath: ".invocationLimits",
  },
];

const duration = "matches('^[0-9]+(\\\\.[0-9]+)?(ms|s|m|h)$')";

export const invocationRules: readonly ValidationRule[] = [
  {
    rule: "!('memory' in self) || isQuantity(self['memory'])",
    message: "memory limit must be a valid memory quantity (e.g. 128Mi, 1Gi)",
  },
  {
    rule: `!('whorl.dev/time' in self) || self['whorl.dev/time'].${duration}`,
    message: "whorl.dev/time must be a duration (e.g. 500ms, 30s)",
  },
  {
    rule: `!('whorl.dev/cpu' in self) || self['whorl.dev/cpu'].${duration}`,
    message: "whorl.dev/cpu must be a duration (e.g. 500ms, 30s)",
  },
  {
    rule: "!('whorl.dev/concurrency' in self) || self['whorl.dev/concurrency'].matches('^[1-9][0-9]{0,8}$')",
    message: "whorl.dev/concurrency must be a whole number above 0",
  },
  {
    rule: "self.all(key, key == 'memory' || key.contains('/'))",
    message:
      "unknown invocation limit: known are memory, whorl.dev/time, whorl.dev/cpu and whorl.dev/concurrency, or a key of another runtime with its domain",
  },
];

function uniqueNames(list: string): string {
  return `!has(self.${list}) || self.${list}.all(a, self.${list}.exists_one(b, b.name == a.name))`;
}

export const runtimeConfigRules: readonly ValidationRule[] = [
  {
    rule: uniqueNames("keyValueStores"),
    message: "duplicate definition for key value store: each name may be given once",
    fieldPath: ".keyValueStores",
  },
  {
    rule: uniqueNames("sqliteDatabases"),
    message: "duplicate definition for sqlite database: each name may be given once",
    fieldPath: ".sqliteDatabases",
  },
];

export const probeRules: readonly ValidationRule[] = [
  {
    rule: "(has(self.httpGet) ? 1 : 0) + (has(self.tcpSocket) ? 1 : 0) + (has(self.grpc) ? 1 : 0) == 1",
    message:
      "probe exists but with unknown configuration, expected httpGet: give exactly one of httpGet, tcpSocket and grpc",
  },
];

/** On SpinAppExecutor.spec. */
export const executorRules: readonly ValidationRule[] = [
  {
    rule: "!self.createDeployment || has(self.deploymentConfig)",
    message:
      "deploymentConfig must be set when createDeployment is true: give runtimeClassName or spinImage",
    fieldPath: ".deploymentConfig",
  },
  {
    rule: "!has(self.deploymentConfig) || !has(self.deploymentConfig.runtimeClassName) || !has(self.deploymentConfig.spinImage)",
    message: "runtimeClassName and spinImage are mutually exclusive",
    fieldPath: ".deploymentConfig",
  },
  {
    rule: "!has(self.deploymentConfig) || has(self.deploymentConfig.runtimeClassName) || has(self.deploymentConfig.spinImage)",
    message: "either runtimeClassName or spinImage must be set",
    fieldPath: ".deploymentConfig",
  },
];

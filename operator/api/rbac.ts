import { webhookNames } from "../admission/webhook-paths.ts";
import { group, leaseName } from "./names.ts";

/** rbac.authorization.k8s.io/v1 PolicyRule. */
export interface PolicyRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

const read = ["get", "list", "watch"] as const;
/** Server-side apply of what may not exist needs both. */
const apply = ["create", "patch"] as const;

function rule(
  apiGroup: string,
  resources: readonly string[],
  verbs: readonly string[],
): PolicyRule {
  return { apiGroups: [apiGroup], resources, verbs };
}

/** What the operator does in the namespaces that it watches; nothing more. */
export const operatorRules: readonly PolicyRule[] = [
  rule(group, ["spinapps"], read),
  rule(group, ["spinapps/status"], ["patch"]),
  // A child may block the deletion of its owner only by leave of who may set finalizers.
  rule(group, ["spinapps/finalizers"], ["update"]),
  rule(group, ["spinappexecutors"], [...read, "patch"]),
  rule("apps", ["deployments"], [...read, ...apply, "delete"]),
  rule("batch", ["jobs", "cronjobs"], [...read, ...apply, "delete"]),
  rule("autoscaling", ["horizontalpodautoscalers"], [...read, ...apply, "delete"]),
  rule("policy", ["poddisruptionbudgets"], [...read, ...apply, "delete"]),
  rule("", ["services", "secrets"], [...read, ...apply, "delete"]),
  rule("", ["configmaps", "pods"], read),
  // Why a pod does not start is told in the kubelet's events only.
  rule("", ["events"], ["list"]),
  rule("events.k8s.io", ["events"], ["create", "patch"]),
];

/** What it does in its own namespace: take part in the election. */
export const leaseRules: readonly PolicyRule[] = [
  rule("coordination.k8s.io", ["leases"], ["create"]),
  // Where OwnerReferencesPermissionEnforcement is on, who may not delete may not name owners.
  {
    ...rule("coordination.k8s.io", ["leases"], ["get", "update", "delete"]),
    resourceNames: [leaseName],
  },
];

/** Reading the executors of its own namespace, where it watches another one. */
export const sharedExecutorRules: readonly PolicyRule[] = [rule(group, ["spinappexecutors"], read)];

/** In its own namespace: the certificate of its webhooks, shared by all replicas. */
export const webhookSecretRules: readonly PolicyRule[] = [
  rule("", ["secrets"], ["create"]),
  { ...rule("", ["secrets"], ["get", "update"]), resourceNames: [webhookNames.secret] },
];

/** Telling the API server which certificate its webhooks have. */
export const webhookTrustRules: readonly PolicyRule[] = [
  {
    ...rule("admissionregistration.k8s.io", ["mutatingwebhookconfigurations"], ["get", "patch"]),
    resourceNames: [webhookNames.mutating],
  },
  {
    ...rule("admissionregistration.k8s.io", ["validatingwebhookconfigurations"], ["get", "patch"]),
    resourceNames: [webhookNames.validating],
  },
];

/** Asking who a reader of metrics or of the console is, and what they may. */
export const metricsGuardRules: readonly PolicyRule[] = [
  rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
  rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
];

/** For readers of metrics, such as Prometheus. */
export const metricsReaderRules: readonly PolicyRule[] = [
  { nonResourceURLs: ["/metrics"], verbs: ["get"] },
];

/** For people: added to the cluster's own roles of these names. */
export const peopleRules = {
  view: [rule(group, ["spinapps", "spinappexecutors", "spinapps/status", "spinapps/scale"], read)],
  edit: [
    rule(
      group,
      ["spinapps", "spinappexecutors", "spinapps/scale"],
      ["create", "update", "patch", "delete", "deletecollection"],
    ),
  ],
} as const satisfies Readonly<Record<string, readonly PolicyRule[]>>;

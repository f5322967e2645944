import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import {
  leaseRules,
  metricsGuardRules,
  metricsReaderRules,
  operatorRules,
  peopleRules,
  sharedExecutorRules,
  webhookSecretRules,
  webhookTrustRules,
} from "./rbac.ts";
import type { PolicyRule } from "./rbac.ts";

const header = "# Made by operator/api/generate-rbac.ts: change operator/api/rbac.ts.\n";
const namespace = "spin-operator";
const account = "spin-operator-controller-manager";
const apiVersion = "rbac.authorization.k8s.io/v1";
const apiGroup = "rbac.authorization.k8s.io";

/** The files of deploy/rbac with their text. */
export function rbacFiles(): Readonly<Record<string, string>> {
  const manager = "spin-operator-manager-role";
  const guard = "spin-operator-metrics-auth-role";
  const shared = "spin-operator-shared-executors-role";
  const webhook = "spin-operator-webhook-role";
  const lease = "spin-operator-leader-election-role";
  return {
    "service-account.yaml": text([
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace } },
    ]),
    "cluster-wide.yaml": text([
      clusterRole(manager, operatorRules),
      binding("ClusterRoleBinding", "spin-operator-manager-rolebinding", manager),
    ]),
    // For one namespace: replace `watched` by it. Executors of the operator's own serve there too.
    "one-namespace.yaml": text([
      { ...role(manager, operatorRules), metadata: { name: manager, namespace: "watched" } },
      {
        ...binding("RoleBinding", "spin-operator-manager-rolebinding", manager),
        metadata: { name: "spin-operator-manager-rolebinding", namespace: "watched" },
      },
      role(shared, sharedExecutorRules),
      binding("RoleBinding", "spin-operator-shared-executors-rolebinding", shared),
    ]),
    "leader-election.yaml": text([
      role(lease, leaseRules),
      binding("RoleBinding", "spin-operator-leader-election-rolebinding", lease),
    ]),
    "metrics.yaml": text([
      clusterRole(guard, metricsGuardRules),
      binding("ClusterRoleBinding", "spin-operator-metrics-auth-rolebinding", guard),
      clusterRole("spin-operator-metrics-reader", metricsReaderRules),
    ]),
    "webhooks.yaml": text([
      clusterRole(webhook, webhookTrustRules),
      binding("ClusterRoleBinding", "spin-operator-webhook-rolebinding", webhook),
      role(webhook, webhookSecretRules),
      binding("RoleBinding", "spin-operator-webhook-rolebinding", webhook),
    ]),
    "people.yaml": text([
      peopleRole("spin-operator-view", peopleRules.view, ["view", "edit", "admin"]),
      peopleRole("spin-operator-edit", peopleRules.edit, ["edit", "admin"]),
    ]),
  };
}

function text(objects: readonly object[]): string {
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  return header + objects.map((object) => stringify(object, options)).join("---\n");
}

function clusterRole(name: string, rules: readonly PolicyRule[]): object {
  return { apiVersion, kind: "ClusterRole", metadata: { name }, rules };
}

function role(name: string, rules: readonly PolicyRule[]): object {
  return { apiVersion, kind: "Role", metadata: { name, namespace }, rules };
}

function peopleRole(name: string, rules: readonly PolicyRule[], into: readonly string[]): object {
  const labels = Object.fromEntries(
    into.map((target) => [`rbac.authorization.k8s.io/aggregate-to-${target}`, "true"]),
  );
  return { apiVersion, kind: "ClusterRole", metadata: { name, labels }, rules };
}

function binding(kind: "RoleBinding" | "ClusterRoleBinding", name: string, target: string): object {
  return {
    apiVersion,
    kind,
    metadata: kind === "RoleBinding" ? { name, namespace } : { name },
    roleRef: { apiGroup, kind: kind === "RoleBinding" ? "Role" : "ClusterRole", name: target },
    subjects: [{ kind: "ServiceAccount", name: account, namespace }],
  };
}

/** Folder of the generated files. */
export const rbacFolder: string = fileURLToPath(new URL("../../deploy/rbac/", import.meta.url));

if (import.meta.main) {
  mkdirSync(rbacFolder, { recursive: true });
  for (const [name, content] of Object.entries(rbacFiles())) {
    writeFileSync(rbacFolder + name, content);
  }
}

import { group, version } from "../api/names.ts";
import type { KubeClient } from "../kube/client.ts";
import { isKubeError } from "../kube/kube-error.ts";
import type { KubeObject } from "../kube/object.ts";
import { resourceType } from "../kube/resource.ts";
import { webhookNames, webhookPaths } from "./webhook-paths.ts";

interface Webhook {
  readonly name: string;
  readonly clientConfig: { readonly caBundle?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly Webhook[];
}

const apiVersion = "admissionregistration.k8s.io/v1";
const namespaced = false;
const configurations = [
  {
    name: webhookNames.mutating,
    type: resourceType<WebhookConfiguration>({
      apiVersion,
      kind: "MutatingWebhookConfiguration",
      plural: "mutatingwebhookconfigurations",
      namespaced,
    }),
    webhooks: [
      { name: "mspinapp.kb.io", path: webhookPaths.mutateApp, resource: "spinapps" },
      {
        name: "mspinappexecutor.kb.io",
        path: webhookPaths.mutateExecutor,
        resource: "spinappexecutors",
      },
    ],
  },
  {
    name: webhookNames.validating,
    type: resourceType<WebhookConfiguration>({
      apiVersion,
      kind: "ValidatingWebhookConfiguration",
      plural: "validatingwebhookconfigurations",
      namespaced,
    }),
    webhooks: [
      { name: "vspinapp.kb.io", path: webhookPaths.validateApp, resource: "spinapps" },
      {
        name: "vspinappexecutor.kb.io",
        path: webhookPaths.validateExecutor,
        resource: "spinappexecutors",
      },
    ],
  },
] as const;

/** The two configurations as they are applied; who is trusted is filled in by the operator. */
export function webhookConfigurations(namespace: string): readonly WebhookConfiguration[] {
  return configurations.map(({ name, type, webhooks }) => ({
    apiVersion,
    kind: type.kind,
    metadata: { name },
    webhooks: webhooks.map(({ name: webhook, path, resource }) => ({
      name: webhook,
      admissionReviewVersions: ["v1"],
      clientConfig: { service: { name: webhookNames.service, namespace, path } },
      failurePolicy: "Fail",
      sideEffects: "None",
      rules: [
        {
          apiGroups: [group],
          apiVersions: [version],
          operations: ["CREATE", "UPDATE"],
          resources: [resource],
        },
      ],
    })),
  }));
}

/**
 * Makes the API server trust these certificates (PEM) when it calls the webhooks. Configurations
 * that are not installed are none of our business. Throws Conflict where one changes meanwhile.
 */
export async function trustWebhooks(
  client: KubeClient,
  trusted: string,
  signal: AbortSignal,
): Promise<void> {
  const caBundle = Buffer.from(trusted).toString("base64");
  for (const { name, type } of configurations) {
    try {
      const { metadata, webhooks = [] } = await client.get(type, { name }, { signal });
      if (webhooks.every(({ clientConfig }) => clientConfig.caBundle === caBundle)) continue;
      const { resourceVersion } = metadata;
      const patch = {
        metadata: { resourceVersion },
        webhooks: webhooks.map((webhook) => ({
          ...webhook,
          clientConfig: { ...webhook.clientConfig, caBundle },
        })),
      };
      await client.patch(type, { name }, patch, { signal });
    } catch (error) {
      if (!isKubeError(error, "NotFound")) throw error;
    }
  }
}

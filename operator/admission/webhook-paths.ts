/** Paths of spin-operator's webhooks: configurations of either operator lead to either. */
export const webhookPaths = {
  mutateApp: "/mutate-core-spinkube-dev-v1alpha1-spinapp",
  validateApp: "/validate-core-spinkube-dev-v1alpha1-spinapp",
  mutateExecutor: "/mutate-core-spinkube-dev-v1alpha1-spinappexecutor",
  validateExecutor: "/validate-core-spinkube-dev-v1alpha1-spinappexecutor",
} as const;

/** Names of the objects of a cluster that make up the webhooks. */
export const webhookNames = {
  service: "spin-operator-webhook-service",
  secret: "webhook-server-cert",
  mutating: "spin-operator-mutating-webhook-configuration",
  validating: "spin-operator-validating-webhook-configuration",
} as const;

/** DNS names under which the API server calls the webhooks. */
export function webhookHosts(namespace: string): readonly [string, ...string[]] {
  const host = `${webhookNames.service}.${namespace}.svc`;
  return [host, `${host}.cluster.local`];
}

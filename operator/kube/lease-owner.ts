import type { KubeClient } from "./client.ts";
import { isKubeError } from "./kube-error.ts";
import type { Log } from "./log.ts";
import type { OwnerReference } from "./object.ts";
import { resourceType } from "./resource.ts";

/**
 * Whom an object is to go with; undefined where there is nobody. Throws KubeError where the API
 * server cannot be asked now.
 */
export type FindOwner = (signal: AbortSignal) => Promise<OwnerReference | undefined>;

const deployment = { apiVersion: "apps/v1", kind: "Deployment" } as const;
const deployments = resourceType({ ...deployment, plural: "deployments" });

/**
 * The Deployment that runs this process, as an owner: found once, as the process ends with it. One
 * that may not be read or is not there is logged, and nobody owns the object then.
 */
export function deploymentOwner(
  client: KubeClient,
  key: { readonly namespace: string; readonly name: string },
  log: Log,
): FindOwner {
  let known: { readonly owner: OwnerReference | undefined } | undefined;
  const find = async (signal: AbortSignal): Promise<OwnerReference | undefined> => {
    try {
      const { uid = "" } = (await client.get(deployments, key, { signal })).metadata;
      return { ...deployment, name: key.name, uid };
    } catch (error) {
      if (!isKubeError(error, "NotFound", "Forbidden")) throw error;
      log.warn({ ...key, error: error.message }, "the lease will not go with this Deployment");
      return undefined;
    }
  };
  return async (signal) => {
    known ??= { owner: await find(signal) };
    return known.owner;
  };
}

import { caCertificatesKey, runtimeConfigKey } from "../api/names.ts";
import type { Passed, SpinAppSpec } from "../api/spin-app.ts";

/** Secrets that are mounted into the app's container. */
export interface MountedSecrets {
  readonly runtimeConfig: string | undefined;
  readonly caCertificates: string | undefined;
}

/** Volumes of the pod and mounts of the app's container, in spin-operator's order. */
export interface Volumes {
  readonly volumes: readonly Passed[];
  readonly mounts: readonly Passed[];
}

export const runtimeConfigVolume = "spin-runtime-config";
export const caVolume = "spin-ca";

/** Files that appear beside the app: runtime configuration, the user's volumes, certificates. */
export function podVolumes(spec: SpinAppSpec, secrets: MountedSecrets): Volumes {
  const configuration = secretFile(
    runtimeConfigVolume,
    secrets.runtimeConfig,
    runtimeConfigKey,
    `/${runtimeConfigKey}`,
  );
  const certificates = secretFile(
    caVolume,
    secrets.caCertificates,
    caCertificatesKey,
    `/etc/ssl/certs/${caCertificatesKey}`,
  );
  return {
    volumes: [...configuration.volumes, ...(spec.volumes ?? []), ...certificates.volumes],
    mounts: [...configuration.mounts, ...(spec.volumeMounts ?? []), ...certificates.mounts],
  };
}

/**
 * One key of a Secret as one file. The mount has a subPath, so the file of a running pod never
 * changes: new content needs new pods.
 */
function secretFile(
  name: string,
  secretName: string | undefined,
  key: string,
  mountPath: string,
): Volumes {
  if (secretName === undefined || secretName === "") return { volumes: [], mounts: [] };
  return {
    volumes: [{ name, secret: { secretName, optional: true, items: [{ key, path: key }] } }],
    mounts: [{ name, readOnly: true, mountPath, subPath: key }],
  };
}

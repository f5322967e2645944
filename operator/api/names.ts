/** Names that clusters depend on: the same as spin-operator's, so that either finds its objects. */
export const group = "core.spinkube.dev";
export const version = "v1alpha1";
export const apiVersion = "core.spinkube.dev/v1alpha1";

export const appNameLabel = "core.spinkube.dev/app-name";
export const executorFinalizer = "core.spinkube.dev/finalizer";
export const fieldManager = "spin-operator";
export const leaseName = "90ba2d18.spinkube.dev";

/** Executor that is built in: present in every namespace unless somebody made one of this name. */
export const builtInExecutorName = "containerd-shim-spin";
export const builtInRuntimeClass = "wasmtime-spin-v2";

export const runtimeConfigKey = "runtime-config.toml";
export const caCertificatesKey = "ca-certificates.crt";
export const defaultCaSecret = "spin-ca";
export const managedByAnnotation = "app.kubernetes.io/managed-by";
export const managedByValue = "spin-operator.spinkube.dev";

export const httpPortName = "http-app";
export const defaultHttpPort = 80;

export const isolationAnnotation = "whorl.dev/isolation";
/** On the pod template: a digest of what its variables refer to, so that a change rolls the pods. */
export const referencesAnnotation = "whorl.dev/references";

/**
 * Longest app name: the label key `core.spinkube.dev/app.NAME.status` may have 63 characters
 * after the slash.
 */
export const appNameLengthMax = 52;

/** Label whose presence makes a pod an endpoint of the app's Service. */
export function readyLabel(app: string): string {
  return `core.spinkube.dev/app.${app}.status`;
}

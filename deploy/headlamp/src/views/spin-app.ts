import { K8s } from "@kinvolk/headlamp-plugin/lib";
import type { PodJson, SpinAppJson } from "../spin-app-json.ts";

/** SpinApps as Headlamp reads and follows them. */
export class SpinApp extends K8s.cluster.KubeObject {
  static override readonly kind = "SpinApp";
  static override readonly apiName = "spinapps";
  static override readonly apiVersion = "core.spinkube.dev/v1alpha1";
  static override readonly isNamespaced = true;
  static override readonly isScalable = true;

  static override get detailsRoute(): string {
    return "spinapp";
  }

  static override get listRoute(): string {
    return "spinapps";
  }

  get json(): SpinAppJson {
    return this.jsonData as SpinAppJson;
  }
}

/** The pods of an app; none while they are being read. */
export function usePods(app: SpinApp): readonly PodJson[] {
  const [pods] = K8s.ResourceClasses.Pod.useList({
    cluster: app.cluster,
    namespace: app.getNamespace() ?? "",
    labelSelector: `core.spinkube.dev/app-name=${app.getName()}`,
  });
  return (pods ?? []).map(({ jsonData }) => jsonData as PodJson);
}

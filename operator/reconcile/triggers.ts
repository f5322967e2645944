import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import { keyText, parseKey } from "../kube/object.ts";
import type { KubeObject, ObjectKey } from "../kube/object.ts";
import { appKeys, indexes } from "./watched.ts";
import type { Watched } from "./watched.ts";

/** Which apps a change of an object concerns. Pure reads of the caches. */

/** Apps that a child, or an object in the place of a child, concerns. */
export function appsOfChild({ apps }: Watched, child: KubeObject): readonly ObjectKey[] {
  const keys = new Set([...appKeys(child), keyText(child.metadata)]);
  return [...keys].filter((key) => apps.store.get(key) !== undefined).map(parseKey);
}

/** Apps of an executor, also those that a default or a missing one concerns. */
export function appsOfExecutor({ apps }: Watched, executor: SpinAppExecutor): readonly ObjectKey[] {
  const { name, namespace } = executor.metadata;
  const found = [
    ...apps.store.byIndex(indexes.appsByExecutor, `${namespace}/${name}`),
    ...apps.store.byIndex(indexes.appsByExecutor, `${namespace}/`),
    ...(executor.spec.clusterDefault === true ? everywhere(apps.store, name) : []),
  ];
  return found.map(({ metadata }) => metadata);
}

function everywhere(store: Watched["apps"]["store"], name: string): readonly SpinApp[] {
  return [
    ...store.byIndex(indexes.appsByExecutorName, name),
    ...store.byIndex(indexes.appsByExecutorName, ""),
  ];
}

/** Apps that take values from a ConfigMap or Secret, directly or as certificates. */
export function appsOfReference(
  { apps, executors }: Watched,
  kind: "ConfigMap" | "Secret",
  { metadata }: KubeObject,
): readonly ObjectKey[] {
  const { namespace = "", name } = metadata;
  const direct = apps.store.byIndex(indexes.appsByReference, `${kind} ${namespace}/${name}`);
  const trusted = executors.store
    .byIndex(indexes.byNamespace, namespace)
    .filter(({ spec }) => spec.deploymentConfig?.caCertSecret === name)
    .flatMap((executor) =>
      apps.store.byIndex(indexes.appsByExecutor, `${namespace}/${executor.metadata.name}`),
    );
  const found = kind === "Secret" ? [...direct, ...trusted] : direct;
  return found.map((app) => app.metadata);
}

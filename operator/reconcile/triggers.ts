import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import { trustedSecret } from "../desired/children.ts";
import { builtInExecutor, resolveExecutor } from "../desired/executor.ts";
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

/** Apps that an executor runs: those of its namespace, and as a cluster default those of others. */
export function appsUsing(watched: Watched, executor: SpinAppExecutor): readonly SpinApp[] {
  const { name, namespace } = executor.metadata;
  const { apps, executors, sharedExecutors } = watched;
  const named = apps.store.byIndex(indexes.appsByExecutor, `${namespace}/${name}`);
  const shared = sharedExecutors.store.byIndex(indexes.clusterDefaults, "true");
  if (!shared.some(({ metadata }) => keyText(metadata) === keyText(executor.metadata))) {
    return named;
  }
  const others = everywhere(apps.store, name).filter((app) => {
    const { namespace: place = "" } = app.metadata;
    if (place === namespace) return app.spec.executor === "";
    const own = executors.store.byIndex(indexes.byNamespace, place);
    const used = resolveExecutor(app.spec.executor, { own, shared });
    return used.from === "cluster" && used.name === name;
  });
  return [...named, ...others];
}

/** Executors that may be in use, or not any more, when an app or its choice changes. */
export function executorsOfApp(
  { sharedExecutors }: Watched,
  { metadata: { namespace }, spec: { executor: name } }: SpinApp,
): readonly ObjectKey[] {
  const shared = sharedExecutors.store
    .byIndex(indexes.clusterDefaults, "true")
    .filter(({ metadata }) => name === "" || metadata.name === name);
  return [{ ...(namespace && { namespace }), name }, ...shared.map(({ metadata }) => metadata)];
}

/** The executor itself, and cluster defaults whose place it takes in its namespace. */
export function executorsOfExecutor(
  { sharedExecutors }: Watched,
  { metadata }: SpinAppExecutor,
): readonly ObjectKey[] {
  const shared = sharedExecutors.store.byIndex(indexes.clusterDefaults, "true");
  return [metadata, ...shared.map((executor) => executor.metadata)];
}

function everywhere(store: Watched["apps"]["store"], name: string): readonly SpinApp[] {
  return [
    ...store.byIndex(indexes.appsByExecutorName, name),
    ...store.byIndex(indexes.appsByExecutorName, ""),
  ];
}

/** Apps that take values from a ConfigMap or Secret, directly or as certificates. */
export function appsOfReference(
  watched: Watched,
  kind: "ConfigMap" | "Secret",
  { metadata }: KubeObject,
): readonly ObjectKey[] {
  const { namespace = "", name } = metadata;
  const direct = watched.apps.store.byIndex(
    indexes.appsByReference,
    `${kind} ${namespace}/${name}`,
  );
  const trusting = kind === "Secret" ? appsTrusting(watched, namespace, name) : [];
  return [...direct, ...trusting].map((app) => app.metadata);
}

/** Apps of a namespace whose executor (its own, the cluster's, no object) has them trust a Secret. */
function appsTrusting(
  { apps, executors, sharedExecutors }: Watched,
  namespace: string,
  secret: string,
): readonly SpinApp[] {
  const objects = [
    ...executors.store.byIndex(indexes.byNamespace, namespace),
    ...sharedExecutors.store.byIndex(indexes.clusterDefaults, "true"),
  ].map(({ metadata: { name }, spec }) => ({ name, spec }));
  const names = [...objects, builtInExecutor]
    .filter(
      ({ spec: { deploymentConfig } }) =>
        deploymentConfig && trustedSecret(deploymentConfig) === secret,
    )
    .map(({ name }) => name);
  // Without a name, an app may have got any of them.
  const found = names.length === 0 ? [] : ["", ...new Set(names)];
  return found.flatMap((executor) =>
    apps.store.byIndex(indexes.appsByExecutor, `${namespace}/${executor}`),
  );
}

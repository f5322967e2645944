/** All namespaces, or these. */
export type Namespaces = "all" | ReadonlySet<string>;

/** What somebody may see, as the cluster's own rights say. */
export interface ConsoleRights {
  /** Where they may list SpinApps. */
  readonly apps: Namespaces;
  /** Where they may list pods. */
  readonly pods: Namespaces;
}

/** Of somebody who may see nothing. */
export const noRights: ConsoleRights = { apps: new Set(), pods: new Set() };

/** Whether a namespace is among them; an object without one never is. */
export function isIn(namespaces: Namespaces, namespace: string | undefined): boolean {
  if (namespace === undefined) return false;
  return namespaces === "all" || namespaces.has(namespace);
}

/** Whether both allow the same. */
export function sameRights(one: ConsoleRights, other: ConsoleRights): boolean {
  return sameNamespaces(one.apps, other.apps) && sameNamespaces(one.pods, other.pods);
}

function sameNamespaces(one: Namespaces, other: Namespaces): boolean {
  if (one === "all" || other === "all") return one === other;
  return one.size === other.size && one.isSubsetOf(other);
}

/** An object of the API as it is answered: what of it is needed is read by path. */
export type Live = Readonly<Record<string, unknown>>;

/** What stands at a path, undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Readonly<Record<string | number, unknown>>)[step];
  }
  return found;
}

/** Text at a path; `""` where there is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

/** A number at a path; 0 where there is none, as the API leaves out zeros. */
export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  return typeof found === "number" ? found : 0;
}

/** A list at a path; empty where there is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function nameOf(object: unknown): string {
  return textAt(object, "metadata", "name");
}

/** The condition of this type in an object's status. */
export function conditionOf(object: unknown, type: string, ...path: readonly string[]): unknown {
  const conditions = listAt(object, ...(path.length === 0 ? ["status", "conditions"] : path));
  return conditions.find((each) => textAt(each, "type") === type);
}

export function isTrue(condition: unknown): boolean {
  return textAt(condition, "status") === "True";
}

/** The kind and name of an object's controller, as `ReplicaSet/web-1`; undefined without one. */
export function controllerText(object: unknown): string | undefined {
  const owner = listAt(object, "metadata", "ownerReferences").find(
    (each) => at(each, "controller") === true,
  );
  return owner === undefined ? undefined : `${textAt(owner, "kind")}/${textAt(owner, "name")}`;
}

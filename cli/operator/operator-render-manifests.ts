import { parseAllDocuments } from "yaml";
import { OperatorError } from "../../operator/error.ts";
import type { KubeObject } from "../../operator/kube/object.ts";

/**
 * The objects of a file: YAML documents, JSON, or a `List`. Throws `usage` with the place of the
 * first mistake.
 */
export function parseManifests(text: string, file: string): readonly KubeObject[] {
  return parseAllDocuments(text, { merge: true }).flatMap((document, index) => {
    const [mistake] = document.errors;
    if (mistake !== undefined) throw new OperatorError("usage", `${file}: ${mistake.message}`);
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null || value === undefined) return [];
    const items = isList(value) ? value.items : [value];
    return items.map((item) => checked(item, `${file}: document ${index + 1}`));
  });
}

function isList(value: unknown): value is { readonly items: readonly unknown[] } {
  const { kind, items } = value as { readonly kind?: unknown; readonly items?: unknown };
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items);
}

/** Enough for the renderer: a kind, a name, and a spec where a spec belongs. */
function checked(value: unknown, where: string): KubeObject {
  const object = value as Partial<KubeObject> & { readonly spec?: unknown };
  if (typeof object !== "object" || object === null || typeof object.kind !== "string") {
    throw new OperatorError("usage", `${where} is no Kubernetes object: it has no kind`);
  }
  const name: unknown = object.metadata?.name;
  if (typeof name !== "string" || name === "") {
    throw new OperatorError("usage", `${where}: ${object.kind} has no metadata.name`);
  }
  const needsSpec = object.kind === "SpinApp" || object.kind === "SpinAppExecutor";
  if (needsSpec && (typeof object.spec !== "object" || object.spec === null)) {
    throw new OperatorError("usage", `${where}: ${object.kind} ${name} has no spec`);
  }
  return object as KubeObject;
}

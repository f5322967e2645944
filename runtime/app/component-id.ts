// Words of lower-case or of upper-case letters and digits; the first word starts with a letter.
const idPattern =
  /^(?:[a-z][a-z0-9:]*|[A-Z][A-Z0-9:]*)(?:-(?:[a-z0-9][a-z0-9:]*|[A-Z][A-Z0-9:]*))*$/;

const labelPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*$/;

/** Whether a text can be the id of a component: kebab case as in Spin. */
export function isComponentId(id: string): boolean {
  return idPattern.test(id);
}

/** The id nearest to a text: `Hello_World.v2` becomes `hello-world-v2`; `app` if nothing is left. */
export function toComponentId(text: string): string {
  const id = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "");
  return id === "" ? "app" : id;
}

/** Whether a text can be the label of a store or database: words joined by `-` or `_`. */
export function isStoreLabel(label: string): boolean {
  return labelPattern.test(label);
}

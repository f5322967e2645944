import type { JsonSchema } from "./json-schema.ts";

/**
 * A schema as one line per field, sorted: path, type and everything that decides what is accepted
 * and defaulted. Descriptions are left out, and so are rules and the upper bounds that rules need
 * (their cost is estimated from the bounds): those are ours and lie far above real use.
 */
export function schemaLines(schema: JsonSchema, path = ""): readonly string[] {
  const own = path === "" ? [] : [`${path} ${facts(schema)}`];
  const below = [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      schemaLines(property, path === "" ? name : `${path}.${name}`),
    ),
    ...(schema.items === undefined ? [] : schemaLines(schema.items, `${path}[]`)),
    ...(schema.additionalProperties === undefined
      ? []
      : schemaLines(schema.additionalProperties, `${path}{}`)),
  ];
  return [...own, ...below].toSorted();
}

function facts(schema: JsonSchema): string {
  const words: string[] = [
    schema["x-kubernetes-int-or-string"] ? "int-or-string" : `${schema.type}`,
  ];
  if (schema.format !== undefined) words.push(schema.format);
  if (schema.default !== undefined) words.push(`default=${JSON.stringify(schema.default)}`);
  if (schema.enum !== undefined) words.push(`enum=${schema.enum.join("|")}`);
  if (schema.minItems !== undefined) words.push(`minItems=${schema.minItems}`);
  if (schema.pattern !== undefined) words.push(`pattern(${schema.pattern.length})`);
  if (schema.required !== undefined) words.push(`required=${schema.required.toSorted().join(",")}`);
  const list = schema["x-kubernetes-list-type"];
  if (list !== undefined) words.push(`list=${list}`);
  if (schema["x-kubernetes-map-type"] !== undefined) words.push("atomic");
  return words.join(" ");
}

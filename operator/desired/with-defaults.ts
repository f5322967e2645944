import type { JsonSchema } from "../api/json-schema.ts";
import type { SpinApp } from "../api/spin-app.ts";
import { spinAppSpec } from "../api/spin-app-schema.ts";

/** An app from a manifest with the defaults that the API server would fill in. */
export function withDefaults(app: SpinApp): SpinApp {
  return { ...app, spec: defaulted(spinAppSpec, app.spec) as SpinApp["spec"] };
}

function defaulted(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => defaulted(items, item));
  }
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (result[name] === undefined && property.default !== undefined) {
      result[name] = property.default;
    } else if (result[name] !== undefined) {
      result[name] = defaulted(property, result[name]);
    }
  }
  return result;
}

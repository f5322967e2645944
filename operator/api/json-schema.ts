/**
 * A node of a CRD's structural schema, as `apiextensions.k8s.io/v1` spells it. Only what we use.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
 */
export interface JsonSchema {
  readonly type?: "string" | "integer" | "number" | "boolean" | "object" | "array";
  readonly description?: string;
  readonly format?: "int32" | "int64" | "date-time";
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-list-type"?: "atomic" | "map" | "set";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic";
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
  readonly "x-kubernetes-validations"?: readonly ValidationRule[];
}

/** A CEL rule. `message` names the mistake and the remedy; `messageExpression` computes it. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly fieldPath?: string;
  readonly reason?: "FieldValueInvalid" | "FieldValueRequired" | "FieldValueForbidden";
}

type More = Omit<JsonSchema, "type" | "description" | "properties" | "required">;

/** An object with these properties; names that end in `!` are required. */
export function object(
  description: string,
  properties: Readonly<Record<string, JsonSchema>>,
  more: More = {},
): JsonSchema {
  const required = Object.keys(properties)
    .filter((name) => name.endsWith("!"))
    .map((name) => name.slice(0, -1))
    .toSorted();
  const named = Object.entries(properties).map(([name, schema]) => [
    name.replace(/!$/u, ""),
    schema,
  ]);
  return {
    type: "object",
    ...described(description),
    properties: Object.fromEntries(named) as Record<string, JsonSchema>,
    ...(required.length === 0 ? {} : { required }),
    ...more,
  };
}

export function string(description = "", more: More = {}): JsonSchema {
  return { type: "string", ...described(description), ...more };
}

export function boolean(description = "", more: More = {}): JsonSchema {
  return { type: "boolean", ...described(description), ...more };
}

export function int32(description = "", more: More = {}): JsonSchema {
  return { type: "integer", format: "int32", ...described(description), ...more };
}

export function int64(description = "", more: More = {}): JsonSchema {
  return { type: "integer", format: "int64", ...described(description), ...more };
}

export function list(description: string, items: JsonSchema, more: More = {}): JsonSchema {
  return { type: "array", ...described(description), items, ...more };
}

/** A list that server-side apply replaces as a whole. */
export function atomicList(description: string, items: JsonSchema): JsonSchema {
  return list(description, items, { "x-kubernetes-list-type": "atomic" });
}

/** A map from string to `values`, strings where not given. */
export function map(
  description: string,
  values: JsonSchema = string(),
  more: More = {},
): JsonSchema {
  return { type: "object", ...described(description), additionalProperties: values, ...more };
}

/** An integer or a string, such as a port. */
export function intOrString(description = "", more: More = {}): JsonSchema {
  return {
    ...described(description),
    anyOf: [{ type: "integer" }, { type: "string" }],
    "x-kubernetes-int-or-string": true,
    ...more,
  };
}

const quantityPattern =
  "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$";

/** A Kubernetes quantity such as `500m` or `128Mi`. */
export function quantity(description = ""): JsonSchema {
  return intOrString(description, { pattern: quantityPattern });
}

function described(description: string): { readonly description?: string } {
  return description === "" ? {} : { description };
}

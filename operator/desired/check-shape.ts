import type { ErrorObject, ValidateFunction } from "ajv";
import { Ajv } from "ajv";
import type { JsonSchema } from "../api/json-schema.ts";
import { executorSpec } from "../api/executor-schema.ts";
import { spinAppSpec } from "../api/spin-app-schema.ts";
import type { Violation } from "./validate-app.ts";

/** Specs whose shape is known. */
export type SpecKind = "SpinApp" | "SpinAppExecutor";

const schemas: Readonly<Record<SpecKind, JsonSchema>> = {
  SpinApp: spinAppSpec,
  SpinAppExecutor: executorSpec,
};

/**
 * Checks a spec from a manifest against the CRD's schema, as the API server would. Wrong types are
 * fatal, unknown fields are not: the API server drops them.
 */
export class ShapeChecker {
  readonly #validators: Readonly<Record<SpecKind, ValidateFunction>>;

  constructor() {
    // Kubernetes' own keywords and integer formats are not ajv's business.
    const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
    this.#validators = {
      SpinApp: ajv.compile(schemas.SpinApp),
      SpinAppExecutor: ajv.compile(schemas.SpinAppExecutor),
    };
  }

  check(kind: SpecKind, spec: unknown): readonly Violation[] {
    const validator = this.#validators[kind];
    const isValid = validator(spec);
    const wrong = isValid ? [] : (validator.errors ?? []).filter(isTelling).map(violation);
    return [...wrong, ...unknownFields(schemas[kind], spec, "spec")];
  }
}

/** Each branch of int-or-string complains for itself; the whole of it says nothing more. */
function isTelling({ keyword }: ErrorObject): boolean {
  return keyword !== "anyOf";
}

function violation({ instancePath, message = "is wrong", params }: ErrorObject): Violation {
  const path = instancePath
    .slice(1)
    .split("/")
    .filter((part) => part !== "")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/u.test(part) ? `[${part}]` : `.${part}`))
    .join("");
  const { allowedValues } = params as { readonly allowedValues?: readonly string[] };
  const allowed = allowedValues === undefined ? "" : `: ${allowedValues.join(", ")}`;
  return { field: `spec${path}`, message: message + allowed, fatal: true };
}

function unknownFields(schema: JsonSchema, value: unknown, path: string): readonly Violation[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined
      ? []
      : value.flatMap((item, index) => unknownFields(items, item, `${path}[${index}]`));
  }
  if (typeof value !== "object" || value === null) return [];
  const { properties, additionalProperties } = schema;
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"] === true;
  return Object.entries(value).flatMap(([name, item]): readonly Violation[] => {
    const known = properties?.[name] ?? additionalProperties;
    if (known !== undefined) return unknownFields(known, item, `${path}.${name}`);
    // An object without any properties, such as metadata of a claim, takes everything.
    if (isOpen || properties === undefined) return [];
    const near = Object.keys(properties).find(
      (candidate) => candidate.toLowerCase() === name.toLowerCase(),
    );
    const remedy = near === undefined ? "remove it" : `write ${near}`;
    return [{ field: `${path}.${name}`, message: `unknown field: ${remedy}`, fatal: false }];
  });
}

import type { AdmissionAnswer, Cause } from "../kube/admission-server.ts";
import { group } from "../api/names.ts";
import type { KubeObject } from "../kube/object.ts";

/** Something wrong at a path such as `spec.invocationLimits[memory]`. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/**
 * Allowed where nothing is wrong; else in the words of the API server's own validation, as
 * spin-operator's webhooks answer.
 */
export function denialOf(
  kind: "SpinApp" | "SpinAppExecutor",
  object: KubeObject,
  problems: readonly FieldProblem[],
): AdmissionAnswer {
  if (problems.length === 0) return { kind: "allowed" };
  const causes = problems.map(({ field, message }): Cause => {
    const value = printed(valueAt(object, field));
    return { field, message: `Invalid value: ${value}: ${message}` };
  });
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const all = texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  const { name = "" } = object.metadata as Partial<KubeObject["metadata"]>;
  const message = `${kind}.${group} "${name}" is invalid: ${all}`;
  return { kind: "denied", message, about: { group, kind, name }, causes };
}

/** Text of a value as Go's field errors print it. */
function printed(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

function valueAt(object: unknown, field: string): unknown {
  const steps = field.split(/[.[\]]+/u).filter((step) => step !== "");
  return steps.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null
        ? (value as Readonly<Record<string, unknown>>)[step]
        : undefined,
    object,
  );
}

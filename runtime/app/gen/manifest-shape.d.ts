import type { ErrorObject } from "ajv";

/** Whether a value has the shape of a manifest; if not, `errors` says all that is wrong. */
export const matchesManifestShape: {
  (value: unknown): boolean;
  readonly errors?: readonly ErrorObject[] | null;
};

import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { manifestSchema } from "./manifest-schema.ts";

test("manifestSchema is a JSON schema", () => {
  const ajv = new Ajv({ allowUnionTypes: true });
  expect(ajv.validateSchema(manifestSchema)).toBe(true);
  expect(() => ajv.compile(manifestSchema)).not.toThrow();
});

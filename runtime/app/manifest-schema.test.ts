import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { generateManifestShape, manifestShapeFile } from "./generate-manifest-shape.ts";
import { manifestSchema } from "./manifest-schema.ts";

test("manifestSchema is a JSON schema", () => {
  const ajv = new Ajv({ allowUnionTypes: true });
  expect(ajv.validateSchema(manifestSchema)).toBe(true);
  expect(() => ajv.compile(manifestSchema)).not.toThrow();
});

test("the generated check is what the schema gives", () => {
  expect(readFileSync(manifestShapeFile, "utf8")).toBe(generateManifestShape());
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { executorCrd, spinAppCrd } from "./crds.ts";
import { crdFiles, crdFolder } from "./generate-crds.ts";
import type { JsonSchema } from "./json-schema.ts";
import { schemaLines } from "./upstream-lines.ts";

test.each(Object.entries(crdFiles()))("deploy/crds/%s is fresh", (name, text) => {
  expect(readFileSync(crdFolder + name, "utf8")).toBe(text);
});

interface Definition {
  readonly spec: {
    readonly names: object;
    readonly versions: readonly {
      readonly schema: { readonly openAPIV3Schema: JsonSchema };
      readonly additionalPrinterColumns: readonly { readonly name: string }[];
      readonly subresources: object;
    }[];
  };
}

function definition(crd: object): Definition["spec"]["versions"][number] {
  const version = (crd as Definition).spec.versions[0];
  if (version === undefined) throw new Error("a definition has one version");
  return version;
}

/** Without the default of status, which is for clients: no object of upstream's becomes another one. */
function linesOf(crd: object): readonly string[] {
  const { properties = {}, ...schema } = definition(crd).schema.openAPIV3Schema;
  const { default: _unseen, ...status } = properties["status"] ?? {};
  return schemaLines({ ...schema, properties: { ...properties, status } });
}

/** Lines of the upstream schema, committed: see `schemaLines`. */
function upstream(plural: string): readonly string[] {
  const file = new URL(`../golden/upstream-${plural}.txt`, import.meta.url);
  return readFileSync(file, "utf8").trimEnd().split("\n");
}

test.each([
  { plural: "spinapps", crd: spinAppCrd() },
  { plural: "spinappexecutors", crd: executorCrd() },
])("every upstream field of $plural has the upstream schema", ({ plural, crd }) => {
  const ours = linesOf(crd);
  expect(upstream(plural).filter((line) => !ours.includes(line))).toEqual([]);
});

test.each([
  { plural: "spinapps", crd: spinAppCrd() },
  { plural: "spinappexecutors", crd: executorCrd() },
])("no new field of $plural is required in an upstream object", ({ plural, crd }) => {
  const ours = linesOf(crd);
  const paths = new Set(upstream(plural).map((line) => line.split(" ")[0]));
  const changed = ours.filter(
    (line) => paths.has(line.split(" ")[0]) && !upstream(plural).includes(line),
  );
  expect(changed).toEqual([]);
});

test("upstream's columns come first and keep their names", () => {
  const names = definition(spinAppCrd()).additionalPrinterColumns.map(({ name }) => name);
  expect(names.slice(0, 3)).toEqual(["Ready", "Desired", "Executor"]);
  expect(names).toEqual(expect.arrayContaining(["URL", "Age", "Deployment", "Service"]));
});

test("SpinApp has status and scale", () => {
  expect(definition(spinAppCrd()).subresources).toEqual({
    status: {},
    scale: {
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".status.selector",
    },
  });
});

test("every field of our own has a description", () => {
  const upstreamPaths = new Set(upstream("spinapps").map((line) => line.split(" ")[0]));
  const spec =
    definition(spinAppCrd()).schema.openAPIV3Schema.properties?.["spec"]?.properties ?? {};
  const bare = Object.entries(spec)
    .filter(([name, schema]) => !upstreamPaths.has(`spec.${name}`) && !schema.description)
    .map(([name]) => name);
  expect(bare).toEqual([]);
});

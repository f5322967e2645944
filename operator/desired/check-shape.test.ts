import { expect, test } from "vitest";
import { ShapeChecker } from "./check-shape.ts";

const checker = new ShapeChecker();
const good = { image: "i", executor: "e" };

test.each([
  { name: "the least", spec: good },
  {
    name: "amounts as text and number",
    spec: { ...good, resources: { limits: { cpu: 1, memory: "1Gi" } } },
  },
  {
    name: "a field of a later Kubernetes in a container",
    spec: { ...good, containers: [{ name: "a", newField: 1 }] },
  },
  {
    name: "metadata of a claim",
    spec: {
      ...good,
      volumes: [
        { name: "v", ephemeral: { volumeClaimTemplate: { metadata: { labels: {} }, spec: {} } } },
      ],
    },
  },
])("ShapeChecker accepts $name", ({ spec }) => {
  expect(checker.check("SpinApp", spec)).toEqual([]);
});

test.each([
  { name: "no spec", spec: undefined, field: "spec", message: "must be object", fatal: true },
  {
    name: "no image",
    spec: { executor: "e" },
    field: "spec",
    message: "must have required property 'image'",
    fatal: true,
  },
  {
    name: "text for a list",
    spec: { ...good, variables: "x" },
    field: "spec.variables",
    message: "must be array",
    fatal: true,
  },
  {
    name: "a number for text",
    spec: { ...good, variables: [{ name: "a", value: 1 }] },
    field: "spec.variables[0].value",
    message: "must be string",
    fatal: true,
  },
  {
    name: "an unknown choice",
    spec: { ...good, isolation: "none" },
    field: "spec.isolation",
    message: "must be equal to one of the allowed values: pod, namespace, shared",
    fatal: true,
  },
  {
    name: "an unknown field",
    spec: { ...good, colour: 1 },
    field: "spec.colour",
    message: "unknown field: remove it",
    fatal: false,
  },
  {
    name: "a field in the wrong case",
    spec: { ...good, runtimeconfig: {} },
    field: "spec.runtimeconfig",
    message: "unknown field: write runtimeConfig",
    fatal: false,
  },
])("ShapeChecker tells of $name", ({ spec, field, message, fatal }) => {
  expect(checker.check("SpinApp", spec)).toEqual([{ field, message, fatal }]);
});

test("an executor's flags are booleans", () => {
  expect(checker.check("SpinAppExecutor", { createDeployment: "yes" })).toEqual([
    { field: "spec.createDeployment", message: "must be boolean", fatal: true },
  ]);
});

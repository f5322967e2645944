import { expect, test } from "vitest";
import type { Manifest } from "../desired/manifest.ts";
import type { KubeObject } from "../kube/object.ts";
import { differs } from "./differs.ts";

function desired(spec: object): Manifest {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec };
}

/** As the API server returns it in a list, with the fields that we have applied. */
function live(spec: object, fields: object): KubeObject {
  const applied = { manager: "spin-operator", operation: "Apply", fieldsV1: { "f:spec": fields } };
  return { metadata: { name: "a", managedFields: [applied] }, spec } as KubeObject;
}

const env = (name: string, value: string): object => ({ name, value });

interface Row {
  readonly name: string;
  readonly desired: object;
  readonly live: object;
  readonly fields?: object;
  readonly differs: boolean;
}

const rows: readonly Row[] = [
  { name: "equal", desired: { a: 1 }, live: { a: 1 }, fields: { "f:a": {} }, differs: false },
  {
    name: "a default beside",
    desired: { a: 1 },
    live: { a: 1, b: 2 },
    fields: { "f:a": {} },
    differs: false,
  },
  {
    name: "another value",
    desired: { a: 1 },
    live: { a: 2 },
    fields: { "f:a": {} },
    differs: true,
  },
  { name: "a value missing", desired: { a: 1 }, live: {}, differs: true },
  { name: "empty and absent", desired: { a: {}, b: [] }, live: {}, differs: false },
  { name: "blank and absent", desired: { a: { b: {} } }, live: {}, differs: false },
  {
    name: "replicas that somebody else owns",
    desired: {},
    live: { replicas: 7 },
    fields: { "f:selector": {} },
    differs: false,
  },
  {
    name: "replicas that we own and no longer want",
    desired: {},
    live: { replicas: 7 },
    fields: { "f:replicas": {} },
    differs: true,
  },
  {
    name: "a field that we own and that is gone already",
    desired: {},
    live: {},
    fields: { "f:nodeSelector": { "f:zone": {} } },
    differs: false,
  },
  {
    name: "a zero value of Go's encoder that we own",
    desired: {},
    live: { hostNetwork: false, x: "" },
    fields: { "f:hostNetwork": {}, "f:x": {} },
    differs: false,
  },
  {
    name: "an amount in another form",
    desired: { resources: { limits: { cpu: 0.5, memory: "1024Mi" } } },
    live: { resources: { limits: { cpu: "500m", memory: "1Gi" } } },
    differs: false,
  },
  {
    name: "another amount",
    desired: { resources: { limits: { cpu: "1" } } },
    live: { resources: { limits: { cpu: "500m" } } },
    differs: true,
  },
  {
    name: "text that is equal only as an amount",
    desired: { env: [env("A", "1000m")] },
    live: { env: [env("A", "1")] },
    differs: true,
  },
  {
    name: "an item that somebody has added",
    desired: { env: [env("A", "1")] },
    live: { env: [env("INJECTED", "x"), env("A", "1")] },
    fields: { "f:env": { 'k:{"name":"A"}': { ".": {}, "f:name": {}, "f:value": {} } } },
    differs: false,
  },
  {
    name: "an item that we have removed",
    desired: { env: [env("A", "1")] },
    live: { env: [env("A", "1"), env("B", "2")] },
    fields: { "f:env": { 'k:{"name":"A"}': { ".": {} }, 'k:{"name":"B"}': { ".": {} } } },
    differs: true,
  },
  {
    name: "items in another order",
    desired: { env: [env("B", "2"), env("A", "1")] },
    live: { env: [env("A", "1"), env("B", "2")] },
    differs: true,
  },
  {
    name: "an item found by a key with a default",
    desired: { ports: [{ containerPort: 80 }] },
    live: { ports: [{ containerPort: 80, protocol: "TCP" }] },
    fields: { "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { "f:containerPort": {} } } },
    differs: false,
  },
  {
    name: "another command",
    desired: { command: ["/"] },
    live: { command: ["sh"] },
    differs: true,
  },
  { name: "a shorter list", desired: { args: ["a", "b"] }, live: { args: ["a"] }, differs: true },
];

test.each(rows)(
  "differs: $name -> $differs",
  ({ desired: spec, live: found, fields, differs: expected }) => {
    expect(differs(desired(spec), live(found, fields ?? {}))).toBe(expected);
  },
);

test("what is not there, or was never applied by us, differs", () => {
  expect(differs(desired({}), undefined)).toBe(true);
  expect(differs(desired({}), { metadata: { name: "a" } })).toBe(true);
  const other = { manager: "spin-operator", operation: "Update", fieldsV1: {} };
  expect(differs(desired({}), { metadata: { name: "a", managedFields: [other] } })).toBe(true);
});

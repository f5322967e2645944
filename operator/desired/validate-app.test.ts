import { expect, test } from "vitest";
import type { SpinApp, SpinAppSpec } from "../api/spin-app.ts";
import { builtInExecutor } from "./executor.ts";
import { validateApp, validateExecutorUse } from "./validate-app.ts";

const good: SpinAppSpec = { image: "registry.example/a:1", executor: "containerd-shim-spin" };

function app(spec: Partial<SpinAppSpec>, name = "hello"): SpinApp {
  return { metadata: { name }, spec: { ...good, ...spec } };
}

const store = (name: string): { name: string; type: string } => ({ name, type: "spin" });

interface Row {
  readonly name: string;
  readonly app: SpinApp;
  readonly field: string;
  readonly message: string;
}

const rows: readonly Row[] = [
  {
    name: "replicas beside autoscaling",
    app: app({ enableAutoscaling: true, replicas: 2 }),
    field: "spec.replicas",
    message: "replicas cannot be set when autoscaling is enabled",
  },
  {
    name: "replicas beside autoscaling settings",
    app: app({ autoscaling: { maxReplicas: 3 }, replicas: 1 }),
    field: "spec.replicas",
    message: "replicas cannot be set when autoscaling is enabled",
  },
  {
    name: "negative replicas",
    app: app({ replicas: -1 }),
    field: "spec.replicas",
    message: "replicas must be > 0, or 0 to stop all pods",
  },
  {
    name: "a memory limit that is none",
    app: app({ invocationLimits: { memory: "lots" } }),
    field: "spec.invocationLimits[memory]",
    message: "memory limit must be a valid memory quantity (e.g. 128Mi, 1Gi)",
  },
  {
    name: "a memory limit above the limit",
    app: app({
      invocationLimits: { memory: "1Gi" },
      resources: { limits: { memory: "100Mi" }, requests: { memory: "2Gi" } },
    }),
    field: "spec.invocationLimits[memory]",
    message: "invocation limit quantity cannot be greater than the memory limit (100Mi)",
  },
  {
    name: "a memory limit above the request",
    app: app({ invocationLimits: { memory: "50Mi" }, resources: { requests: { memory: "40Mi" } } }),
    field: "spec.invocationLimits[memory]",
    message: "invocation limit quantity cannot be greater than the memory request (40Mi)",
  },
  {
    name: "a name of 53 characters",
    app: app({}, "a".repeat(53)),
    field: "metadata.name",
    message:
      "metadata.name must have at most 52 characters, not 53: it becomes part of the label core.spinkube.dev/app.NAME.status",
  },
  {
    name: "a name with a dot",
    app: app({}, "a.b"),
    field: "metadata.name",
    message:
      "metadata.name must be lower-case letters, digits and '-', beginning with a letter, not \"a.b\": the Service and the container get this name",
  },
  {
    name: "no image",
    app: app({ image: "" }),
    field: "spec.image",
    message: "image must be set to the OCI reference of the app",
  },
  {
    name: "a variable with a dash",
    app: app({ variables: [{ name: "a-b" }] }),
    field: "spec.variables[0].name",
    message:
      "\"a-b\" cannot be the name of a variable: use letters, digits and single '_' between them, beginning with a letter, as in the app's manifest",
  },
  {
    name: "a variable twice",
    app: app({ variables: [{ name: "a" }, { name: "A" }] }),
    field: "spec.variables[1].name",
    message: "variable a is given twice: remove one",
  },
  {
    name: "a variable with two values",
    app: app({ variables: [{ name: "a", value: "1", valueFrom: {} }] }),
    field: "spec.variables[0]",
    message: "variable a has either a value or valueFrom, not both: remove one",
  },
  {
    name: "a reserved volume name",
    app: app({ volumes: [{ name: "spin-data" }] }),
    field: "spec.volumes[0].name",
    message:
      "a volume's name must not begin with 'spin-': the operator uses such names; rename \"spin-data\"",
  },
  {
    name: "a key-value store twice",
    app: app({ runtimeConfig: { keyValueStores: [store("a"), store("b"), store("a")] } }),
    field: "spec.runtimeConfig.keyValueStores[2].name",
    message: "duplicate definition for key value store with name: a",
  },
  {
    name: "a database twice",
    app: app({ runtimeConfig: { sqliteDatabases: [store("a"), store("a")] } }),
    field: "spec.runtimeConfig.sqliteDatabases[1].name",
    message: "duplicate definition for sqlite database with name: a",
  },
  {
    name: "a probe without a kind",
    app: app({ checks: { liveness: {} } }),
    field: "spec.checks.liveness",
    message:
      "probe exists but with unknown configuration, expected httpGet: give exactly one of httpGet, tcpSocket and grpc",
  },
  {
    name: "a job with a strategy",
    app: app({ job: {}, strategy: {} }),
    field: "spec.strategy",
    message: "strategy is for Deployments: remove it, or remove job",
  },
  {
    name: "a guest mount of nothing",
    app: app({
      volumeMounts: [{ name: "d", mountPath: "/data" }],
      guestMounts: [{ mountPath: "/database", guestPath: "/x" }],
    }),
    field: "spec.guestMounts[0].mountPath",
    message: "/database is no volume of the app: give the mountPath of one of volumeMounts",
  },
  {
    name: "a guest mount below a volume",
    app: app({
      volumeMounts: [{ name: "d", mountPath: "/data" }],
      guestMounts: [{ mountPath: "/data/public", guestPath: "/x" }],
    }),
    field: "spec.guestMounts[0].mountPath",
    message: "/data/public is no volume of the app: give the mountPath of one of volumeMounts",
  },
  {
    name: "a sidecar with the app's name",
    app: app({ containers: [{ name: "hello" }] }),
    field: "spec.containers[0].name",
    message:
      'the pod has two containers named "hello" (the app\'s own is "hello"): rename this one',
  },
];

test.each(rows)("validateApp refuses $name", ({ app: given, field, message }) => {
  expect(validateApp(given)).toEqual([{ field, message, fatal: expect.any(Boolean) as boolean }]);
});

test.each([
  { name: "the least", app: app({}) },
  { name: "a name of 52 characters", app: app({}, "a".repeat(52)) },
  { name: "replicas 0", app: app({ replicas: 0 }) },
  { name: "autoscaling with replicas 0", app: app({ enableAutoscaling: true, replicas: 0 }) },
  {
    name: "a memory limit between request and limit",
    app: app({
      invocationLimits: { memory: "100Mi" },
      resources: { limits: { memory: "100Mi" }, requests: { memory: "40Mi" } },
    }),
  },
  {
    name: "limits of another runtime",
    app: app({ invocationLimits: { "other.example/fuel": "x" } }),
  },
  {
    name: "variables in capitals",
    app: app({ variables: [{ name: "API_KEY" }, { name: "x2_y" }] }),
  },
  {
    name: "stores that nobody reads",
    app: app({
      runtimeConfig: { loadFromSecret: "s", keyValueStores: [store("a"), store("a")] },
    }),
  },
  {
    name: "a guest mount of a volume, with a stroke at its end",
    app: app({
      volumeMounts: [{ name: "d", mountPath: "/data/" }],
      guestMounts: [{ mountPath: "/data/", guestPath: "/x" }],
    }),
  },
])("validateApp accepts $name", ({ app: given }) => {
  expect(validateApp(given)).toEqual([]);
});

test("annotations that an executor without Deployments cannot honour are told, in upstream's words", () => {
  const external = { ...builtInExecutor, spec: { createDeployment: false } };
  const annotated = app({ deploymentAnnotations: { a: "b" }, podAnnotations: { a: "b" } });
  expect(validateExecutorUse(annotated, external).map(({ message }) => message)).toEqual([
    "deploymentAnnotations can't be set when the executor does not use operator deployments",
    "podAnnotations can't be set when the executor does not use operator deployments",
  ]);
  expect(validateExecutorUse(annotated, builtInExecutor)).toEqual([]);
});

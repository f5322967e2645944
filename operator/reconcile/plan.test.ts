import { expect, test } from "vitest";
import type { RuntimeConfig, SpinApp, SpinAppSpec, SpinAppStatus } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import type { KubeObject } from "../kube/object.ts";
import { planApp } from "./plan.ts";
import type { PlanInput } from "./plan.ts";

function app(spec: Partial<SpinAppSpec>, status?: SpinAppStatus): SpinApp {
  return {
    metadata: { name: "hello", namespace: "shop", uid: "u" },
    spec: { image: "registry.example/hello:1", executor: "containerd-shim-spin", ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

const empty: SpinAppExecutor = { metadata: { name: "empty" }, spec: { createDeployment: true } };

function input(given: Partial<PlanInput>): PlanInput {
  return {
    app: app({}),
    own: [],
    shared: [],
    values: {
      configMap: () => undefined,
      secret: (name) => (name === "s" ? { k: "1" } : undefined),
    },
    deployment: undefined,
    ...given,
  };
}

const option = (name: string): RuntimeConfig => ({
  llmCompute: {
    type: "t",
    options: [{ name: "o", valueFrom: { secretKeyRef: { name, key: "k" } } }],
  },
});

test.each([
  { name: "a wrong spec", app: app({ replicas: -1 }), reason: "InvalidSpec", needsPerson: true },
  {
    name: "no executor",
    app: app({ executor: "x" }),
    reason: "MissingExecutor",
    needsPerson: true,
  },
  {
    name: "an executor without configuration",
    app: app({ executor: "empty" }),
    reason: "InvalidSpec",
    needsPerson: true,
  },
  {
    name: "a missing Secret of the runtime configuration",
    app: app({ runtimeConfig: option("none") }),
    reason: "ReferenceMissing",
    needsPerson: false,
  },
])("planApp is blocked by $name", ({ app: given, reason, needsPerson }) => {
  const plan = planApp(input({ app: given, own: [empty] }));
  expect(plan.children).toBeUndefined();
  expect(plan.blocked).toMatchObject({ reason, needsPerson });
});

test("an app that upstream runs, however odd, is planned with advice", () => {
  const plan = planApp(input({ app: app({ volumes: [{ name: "spin-data" }] }) }));
  expect(plan.blocked).toBeUndefined();
  expect(plan.children?.workload?.kind).toBe("Deployment");
  expect(plan.advice).toEqual([
    "spec.volumes[0].name: a volume's name must not begin with 'spin-': the operator uses such names; rename \"spin-data\"",
  ]);
});

const variables: SpinAppSpec["variables"] = [
  { name: "x", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
];

function annotations(workload: KubeObject | undefined): unknown {
  const deployment = workload as
    | {
        readonly spec: {
          readonly template: { readonly metadata: { readonly annotations: object } };
        };
      }
    | undefined;
  return deployment?.spec.template.metadata.annotations;
}

test("the values an app is first seen with leave its pod template as it is; others do not", () => {
  const first = planApp(input({ app: app({ variables }) }));
  expect(annotations(first.children?.workload)).toEqual({});
  const { referencesBaseline } = first;
  expect(referencesBaseline).toMatch(/^[0-9a-f]{8}$/u);
  const status = {
    readyReplicas: 0,
    ...(referencesBaseline === undefined ? {} : { referencesBaseline }),
  };
  const again = planApp(input({ app: app({ variables }, status) }));
  expect(annotations(again.children?.workload)).toEqual({});
  const changed = planApp(
    input({
      app: app({ variables }, status),
      values: { configMap: () => undefined, secret: () => ({ k: "2" }) },
    }),
  );
  expect(annotations(changed.children?.workload)).toEqual({
    "whorl.dev/references": expect.stringMatching(/^[0-9a-f]{8}$/u) as string,
  });
  expect(changed.referencesBaseline).toBe(referencesBaseline);
});

test("a Job is not run again because a value has changed", () => {
  const status = { readyReplicas: 0, referencesBaseline: "00000000" };
  const plan = planApp(input({ app: app({ variables, job: {} }, status) }));
  expect(annotations(plan.children?.workload)).toEqual({});
});

test("a missing Secret of a variable is told, and the pods are made all the same", () => {
  const missing = [{ name: "x", valueFrom: { secretKeyRef: { name: "none", key: "k" } } }];
  const plan = planApp(input({ app: app({ variables: missing }) }));
  expect(plan.missing).toEqual(["variable x: Secret none does not exist"]);
  expect(plan.children?.workload?.kind).toBe("Deployment");
});

import { expect, test } from "vitest";
import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import { defaultApp, validateAppAdmission, validateExecutorAdmission } from "./app-admission.ts";

function app(spec: object): SpinApp {
  const image = "registry.example/hello:1";
  const all = { image, executor: "shim", replicas: 1, ...spec };
  return { metadata: { name: "spinapp", namespace: "shop" }, spec: all };
}

function executor(name: string, spec: object = {}): SpinAppExecutor {
  const deploymentConfig = { runtimeClassName: "spin" };
  return { metadata: { name }, spec: { createDeployment: true, deploymentConfig, ...spec } };
}

const none = { own: [], shared: [] };
const choice = { own: [executor("shim")], shared: [] };
const external = { own: [executor("shim", { createDeployment: false })], shared: [] };

const denied = 'SpinApp.core.spinkube.dev "spinapp" is invalid: ';

// The words are spin-operator's: people search for them.
test.each([
  {
    spec: { executor: "" },
    use: choice,
    text: 'spec.executor: Invalid value: "": executor must be set, likely no default executor was set because you have no executors installed',
  },
  {
    spec: { executor: "other" },
    use: choice,
    text: 'spec.executor: Invalid value: "other": executor does not exist in namespace',
  },
  {
    spec: { enableAutoscaling: true },
    use: choice,
    text: "spec.replicas: Invalid value: 1: replicas cannot be set when autoscaling is enabled",
  },
  {
    spec: { deploymentAnnotations: { key: "asdf" } },
    use: external,
    text: 'spec.deploymentAnnotations: Invalid value: {"key":"asdf"}: deploymentAnnotations can\'t be set when the executor does not use operator deployments',
  },
  {
    spec: { podAnnotations: { key: "asdf" } },
    use: external,
    text: 'spec.podAnnotations: Invalid value: {"key":"asdf"}: podAnnotations can\'t be set when the executor does not use operator deployments',
  },
  {
    spec: { invocationLimits: { memory: "lots" } },
    use: choice,
    text: 'spec.invocationLimits[memory]: Invalid value: "lots": memory limit must be a valid memory quantity (e.g. 128Mi, 1Gi)',
  },
  {
    spec: { executor: "other", enableAutoscaling: true },
    use: choice,
    text: '[spec.executor: Invalid value: "other": executor does not exist in namespace, spec.replicas: Invalid value: 1: replicas cannot be set when autoscaling is enabled]',
  },
  {
    spec: { replicas: -1, image: "" },
    use: choice,
    text: '[spec.replicas: Invalid value: -1: replicas must be > 0, or 0 to stop all pods, spec.image: Invalid value: "": image must be set to the OCI reference of the app]',
  },
])("refused: $spec", ({ spec, use, text }) => {
  const answer = validateAppAdmission(app(spec), use);
  expect(answer).toMatchObject({ kind: "denied", message: denied + text });
});

test.each([
  { spec: {}, use: choice },
  { spec: { executor: "containerd-shim-spin" }, use: none },
  { spec: { replicas: 0 }, use: choice },
  { spec: { executor: "x" }, use: { own: [], shared: [executor("x", { clusterDefault: true })] } },
])("allowed: $spec", ({ spec, use }) => {
  expect(validateAppAdmission(app(spec), use)).toEqual({ kind: "allowed" });
});

test("an app that is being deleted passes whatever is wrong with it", () => {
  const broken = app({ executor: "" });
  const metadata = { ...broken.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
  expect(validateAppAdmission({ ...broken, metadata }, none)).toEqual({ kind: "allowed" });
});

test.each([
  { own: ["cyclotron", "b", "containerd-shim-spin"], shared: [], value: "b" },
  { own: [], shared: ["z", "y"], value: "y" },
  { own: [], shared: [], value: "containerd-shim-spin" },
])("an app without executor gets $value", ({ own, shared, value }) => {
  const lists = {
    own: own.map((name) => executor(name)),
    shared: shared.map((name) => executor(name, { clusterDefault: true })),
  };
  const patch = [{ op: "add", path: "/spec/executor", value }];
  expect(defaultApp(app({ executor: "" }), lists)).toEqual({ kind: "patched", patch });
});

test.each([app({}), { metadata: { name: "x" } }, { metadata: { name: "x" }, spec: null }])(
  "nothing is added to %j",
  (object) => {
    expect(defaultApp(object as SpinApp, choice)).toEqual({ kind: "allowed" });
  },
);

const refused = 'SpinAppExecutor.core.spinkube.dev "x" is invalid: ';

test.each([
  { spec: {}, message: undefined },
  { spec: { createDeployment: false, deploymentConfig: undefined }, message: undefined },
  {
    spec: { deploymentConfig: {} },
    message:
      "spec.deploymentConfig.runtimeClassName: Invalid value: null: either runtimeClassName or spinImage must be set",
  },
  {
    spec: { deploymentConfig: { runtimeClassName: "a", spinImage: "b" } },
    message:
      'spec.deploymentConfig.runtimeClassName: Invalid value: "a": runtimeClassName and spinImage are mutually exclusive',
  },
  {
    spec: { deploymentConfig: undefined },
    message:
      "spec.deploymentConfig: Invalid value: null: deploymentConfig must be set when createDeployment is true: give runtimeClassName or spinImage",
  },
])("an executor with $spec", ({ spec, message }) => {
  const answer = validateExecutorAdmission(executor("x", spec));
  if (message === undefined) expect(answer).toEqual({ kind: "allowed" });
  else expect(answer).toMatchObject({ kind: "denied", message: refused + message });
});

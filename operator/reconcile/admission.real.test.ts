import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { executorCrd, spinAppCrd } from "../api/crds.ts";
import { TestCluster, readyReason, spinApp } from "../../test/operator/test-cluster.ts";
import { TestOperator } from "../../test/operator/test-operator.ts";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

interface Row {
  readonly name: string;
  readonly spec: string;
  readonly field: string;
  readonly message: string;
}

const rows: readonly Row[] = [
  {
    name: "replicas beside autoscaling",
    spec: "enableAutoscaling: true",
    field: "spec.replicas",
    message: "replicas cannot be set when autoscaling is enabled",
  },
  {
    name: "replicas beside an autoscaler of our own",
    spec: "autoscaling: {maxReplicas: 3}",
    field: "spec.replicas",
    message: "replicas cannot be set when autoscaling is enabled",
  },
  {
    name: "more pods at least than at most",
    spec: "replicas: 0, autoscaling: {minReplicas: 4, maxReplicas: 3}",
    field: "spec.autoscaling",
    message: "minReplicas must not be greater than maxReplicas",
  },
  {
    name: "negative replicas",
    spec: "replicas: -1",
    field: "spec.replicas",
    message: "replicas must be > 0",
  },
  {
    name: "an empty image",
    spec: 'image: ""',
    field: "spec.image",
    message: "image must be set to the OCI reference of the app",
  },
  {
    name: "a variable with a dash",
    spec: "variables: [{name: a-b, value: x}]",
    field: "spec.variables",
    message: "a variable's name must be letters, digits and single '_' between them",
  },
  {
    name: "a variable with two values",
    spec: "variables: [{name: a, value: x, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]",
    field: "spec.variables",
    message: "a variable has either a value or valueFrom, not both",
  },
  {
    name: "a reserved volume name",
    spec: "volumes: [{name: spin-data, emptyDir: {}}]",
    field: "spec.volumes",
    message: "a volume's name must not begin with 'spin-'",
  },
  {
    name: "a key-value store twice",
    spec: "runtimeConfig: {keyValueStores: [{name: a, type: spin}, {name: a, type: redis}]}",
    field: "spec.runtimeConfig.keyValueStores",
    message: "duplicate definition for key value store",
  },
  {
    name: "a database twice",
    spec: "runtimeConfig: {sqliteDatabases: [{name: a, type: spin}, {name: a, type: spin}]}",
    field: "spec.runtimeConfig.sqliteDatabases",
    message: "duplicate definition for sqlite database",
  },
  {
    name: "a probe without a kind",
    spec: "checks: {liveness: {}}",
    field: "spec.checks.liveness",
    message: "probe exists but with unknown configuration, expected httpGet",
  },
  {
    name: "a probe with two kinds",
    spec: "checks: {startup: {httpGet: {path: /}, tcpSocket: {}}}",
    field: "spec.checks.startup",
    message: "give exactly one of httpGet, tcpSocket and grpc",
  },
  {
    name: "a memory limit that is none",
    spec: "invocationLimits: {memory: lots}",
    field: "spec.invocationLimits",
    message: "memory limit must be a valid memory quantity (e.g. 128Mi, 1Gi)",
  },
  {
    name: "a memory limit above the limit",
    spec: "invocationLimits: {memory: 1Gi}, resources: {limits: {memory: 100Mi}, requests: {memory: 2Gi}}",
    field: "spec.invocationLimits",
    message: "invocation limit quantity cannot be greater than the memory limit",
  },
  {
    name: "a memory limit above the request",
    spec: "invocationLimits: {memory: 50Mi}, resources: {requests: {memory: 40Mi}}",
    field: "spec.invocationLimits",
    message: "invocation limit quantity cannot be greater than the memory request",
  },
  {
    name: "an unknown limit",
    spec: "invocationLimits: {time: 30s}",
    field: "spec.invocationLimits",
    message: "unknown invocation limit",
  },
  {
    name: "a time limit that is none",
    spec: "invocationLimits: {whorl.dev/time: soon}",
    field: "spec.invocationLimits",
    message: "whorl.dev/time must be a duration (e.g. 500ms, 30s)",
  },
  {
    name: "a concurrency of nothing",
    spec: 'invocationLimits: {whorl.dev/concurrency: "0"}',
    field: "spec.invocationLimits",
    message: "whorl.dev/concurrency must be a whole number above 0",
  },
  {
    name: "a job with a strategy",
    spec: "job: {}, strategy: {type: Recreate}",
    field: "spec.job",
    message: "are for Deployments: remove them, or remove job",
  },
  {
    name: "a time zone without a schedule",
    spec: "job: {timeZone: Europe/Berlin}",
    field: "spec.job",
    message: "need a schedule",
  },
  {
    name: "two kinds of disruption budget",
    spec: "podDisruptionBudget: {minAvailable: 1, maxUnavailable: 1}",
    field: "spec.podDisruptionBudget",
    message: "give either minAvailable or maxUnavailable",
  },
  {
    name: "no component at all",
    spec: "components: []",
    field: "spec.components",
    message: "should have at least 1 items",
  },
  {
    name: "an unknown isolation",
    spec: "isolation: none",
    field: "spec.isolation",
    message: 'supported values: "pod", "namespace", "shared"',
  },
  {
    name: "a port out of range",
    spec: "port: 70000",
    field: "spec.port",
    message: "should be less than or equal to 65535",
  },
];

test.each(rows)("admission refuses $name", ({ spec, field, message }) => {
  const complaint = cluster.apply("default", spinApp("wrong", spec));
  expect(complaint).toContain(field);
  expect(complaint).toContain(message);
});

test.each([
  { name: "a name of 53 characters", app: "a".repeat(53), message: "at most 52 characters" },
  { name: "a name with a dot", app: "a.b", message: "lower-case letters, digits and '-'" },
  { name: "a name that begins with a digit", app: "1a", message: "beginning with a letter" },
])("admission refuses $name", ({ app, message }) => {
  const complaint = cluster.apply("default", spinApp(app));
  expect(complaint).toContain("metadata.name");
  expect(complaint).toContain(message);
});

test.each([
  {
    name: "neither way to run",
    spec: "{createDeployment: true, deploymentConfig: {}}",
    message: "either runtimeClassName or spinImage must be set",
  },
  {
    name: "both ways to run",
    spec: "{createDeployment: true, deploymentConfig: {runtimeClassName: a, spinImage: b}}",
    message: "runtimeClassName and spinImage are mutually exclusive",
  },
  {
    name: "no configuration",
    spec: "{createDeployment: true}",
    message: "deploymentConfig must be set when createDeployment is true",
  },
])("admission refuses an executor with $name", ({ spec, message }) => {
  const executor = `{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinAppExecutor, metadata: {name: wrong}, spec: ${spec}}`;
  expect(cluster.apply("default", executor)).toContain(message);
});

test.each([
  { name: "upstream's empty objects", spec: "resources: {}, checks: {}, runtimeConfig: {}" },
  {
    name: "a request below the invocation's limit below the limit",
    spec: "invocationLimits: {memory: 100Mi}, resources: {requests: {memory: 40Mi}, limits: {memory: 100Mi}}",
  },
  {
    name: "an integer as quantity",
    spec: "invocationLimits: {memory: 1Ki}, resources: {limits: {memory: 2048}}",
  },
  { name: "limits of another runtime", spec: "invocationLimits: {other.example/fuel: much}" },
  { name: "no pods", spec: "replicas: 0" },
  { name: "variables in capitals", spec: "variables: [{name: API_KEY, value: x}]" },
])("admission accepts $name", ({ spec }) => {
  expect(cluster.apply("default", spinApp("right", spec))).toBe("");
});

test("objects from before the rules are reported in their status, and stay writable", async () => {
  const namespace = cluster.namespace();
  await cluster.installCrds([withoutRules(spinAppCrd()), withoutRules(executorCrd())]);
  const long = `a${"b".repeat(60)}`;
  expect(cluster.apply(namespace, spinApp(long))).toBe("");
  expect(cluster.apply(namespace, spinApp("probe", "checks: {liveness: {}}"))).toBe("");
  expect(cluster.apply(namespace, spinApp("named", "variables: [{name: a-b, value: x}]"))).toBe("");
  const executor =
    "{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinAppExecutor, metadata: {name: empty}, spec: {createDeployment: true}}";
  expect(cluster.apply(namespace, executor)).toBe("");
  expect(cluster.apply(namespace, spinApp("unrunnable", "executor: empty"))).toBe("");
  await cluster.installCrds();

  await using operator = await TestOperator.start(cluster.server, { namespace });
  const invalid = [
    { app: long, message: "metadata.name must have at most 52 characters, not 61" },
    { app: "probe", message: "probe exists but with unknown configuration" },
    {
      app: "unrunnable",
      message: "SpinAppExecutor empty has createDeployment but no deploymentConfig",
    },
  ];
  for (const { app, message } of invalid) {
    const live = await cluster.until(
      namespace,
      `spinapp/${app}`,
      ({ status }) => status?.conditions !== undefined,
    );
    expect(readyReason(live)).toBe("InvalidSpec");
    const stalled = live.status?.conditions?.find(({ type }) => type === "Stalled");
    expect(stalled).toMatchObject({ status: "True" });
    expect(stalled?.message).toContain(message);
  }
  // What upstream runs, however odd, runs on.
  await cluster.until(namespace, "deployment/named");
  const count = operator.requests.length;
  expect(operator.announcements.map(({ reason }) => reason)).toContain("InvalidSpec");
  await cluster.until(namespace, "spinapp/named", (live) => readyReason(live) === "Starting");
  expect(operator.requests.length - count).toBeLessThan(5);
});

function withoutRules(crd: object): string {
  const text = JSON.stringify(crd, (key, value: unknown) =>
    key === "x-kubernetes-validations" ? undefined : value,
  );
  return stringify(JSON.parse(text));
}

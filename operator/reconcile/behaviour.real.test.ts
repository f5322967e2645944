import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TestCluster, readyReason, spinApp } from "../../test/operator/test-cluster.ts";
import type { Live } from "../../test/operator/test-cluster.ts";
import { TestOperator } from "../../test/operator/test-operator.ts";

let cluster: TestCluster;
let operator: TestOperator;
let namespace: string;

beforeAll(async () => {
  cluster = await TestCluster.start();
  operator = await TestOperator.start(cluster.server);
});

beforeEach(() => {
  namespace = cluster.namespace();
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

function kubectl(...args: readonly string[]): string {
  return cluster.server.kubectl(["-n", namespace, ...args]);
}

function executor(name: string, spec: string): string {
  return `{apiVersion: core.spinkube.dev/v1alpha1, kind: SpinAppExecutor, metadata: {name: ${name}}, spec: ${spec}}`;
}

const shim = "{createDeployment: true, deploymentConfig: {runtimeClassName: special}}";

function configSecret({ spec }: Live): string | undefined {
  const { volumes } = spec.template.spec;
  return volumes.find(({ name }) => name === "spin-runtime-config")?.secret?.secretName;
}

/** What the Deployment controller would write; the pods of this test are never started. */
function pretendRolledOut(name: string, replicas: number): void {
  const { generation } = cluster.get(namespace, `deployment/${name}`)?.metadata ?? {
    generation: 0,
  };
  const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas };
  const status = { observedGeneration: generation, ...counts, availableReplicas: replicas };
  const patch = JSON.stringify({ status });
  kubectl("patch", `deployment/${name}`, "--subresource=status", "--type=merge", "-p", patch);
}

test("kubectl scale scales, also to zero and back; kubectl wait sees Ready", async () => {
  cluster.apply(namespace, spinApp("a"));
  await cluster.until(namespace, "deployment/a", ({ spec }) => spec.replicas === 1);
  kubectl("scale", "spin/a", "--replicas=3");
  await cluster.until(namespace, "deployment/a", ({ spec }) => spec.replicas === 3);
  pretendRolledOut("a", 3);
  await cluster.until(namespace, "spinapp/a", (live) => readyReason(live) === "AppReady");
  kubectl("wait", "--for=condition=Ready", "--timeout=10s", "spinapp/a");
  const scale = JSON.parse(
    kubectl(
      "get",
      "--raw",
      `/apis/core.spinkube.dev/v1alpha1/namespaces/${namespace}/spinapps/a/scale`,
    ),
  ) as { status: object };
  expect(scale.status).toEqual({
    replicas: 3,
    selector: "core.spinkube.dev/app-name=a,core.spinkube.dev/app.a.status=ready",
  });
  kubectl("scale", "spin/a", "--replicas=0");
  await cluster.until(namespace, "deployment/a", ({ spec }) => spec.replicas === 0);
  pretendRolledOut("a", 0);
  await cluster.until(namespace, "spinapp/a", (live) => readyReason(live) === "ScaledToZero");
});

test("replicas that an autoscaler has set stay", async () => {
  const app = spinApp("a", "enableAutoscaling: true").replace("replicas: 1, ", "");
  expect(cluster.apply(namespace, app)).toBe("");
  await cluster.until(namespace, "deployment/a");
  kubectl("scale", "deployment/a", "--replicas=7");
  kubectl(
    "patch",
    "spinapp/a",
    "--type=merge",
    "-p",
    '{"spec":{"image":"registry.example/hello:2"}}',
  );
  const live = await cluster.until(
    namespace,
    "deployment/a",
    ({ spec }) => spec.template.spec.containers[0]?.image === "registry.example/hello:2",
  );
  expect(live.spec.replicas).toBe(7);
});

test("an app that goes over to an autoscaler keeps its pods, and comes back", async () => {
  cluster.apply(namespace, spinApp("a").replace("replicas: 1", "replicas: 5"));
  await cluster.until(namespace, "deployment/a", ({ spec }) => spec.replicas === 5);
  const auto = spinApp("a", "autoscaling: {maxReplicas: 9}").replace("replicas: 1, ", "");
  expect(cluster.apply(namespace, auto)).toBe("");
  await cluster.until(namespace, "hpa/a");
  expect(cluster.get(namespace, "deployment/a")?.spec.replicas).toBe(5);
  kubectl("scale", "deployment/a", "--replicas=6");
  kubectl("label", "deployment/a", "core.spinkube.dev/app-name-", "watch=me");
  await cluster.until(
    namespace,
    "deployment/a",
    ({ metadata }) => metadata.labels?.["core.spinkube.dev/app-name"] === "a",
  );
  expect(cluster.get(namespace, "deployment/a")?.spec.replicas).toBe(6);
  cluster.apply(namespace, spinApp("a").replace("replicas: 1", "replicas: 2"));
  await cluster.until(namespace, "deployment/a", ({ spec }) => spec.replicas === 2);
  await cluster.gone(namespace, "hpa/a");
});

test("annotations and fields that are removed from the app are removed from its children", async () => {
  const given =
    "deploymentAnnotations: {x: one}, serviceAnnotations: {s: two}, podDisruptionBudget: {minAvailable: 1}, nodeSelector: {zone: a}";
  expect(cluster.apply(namespace, spinApp("a", given))).toBe("");
  await cluster.until(namespace, "pdb/a");
  kubectl("annotate", "deployment/a", "somebody=else");
  cluster.apply(namespace, spinApp("a"));
  const live = await cluster.until(
    namespace,
    "deployment/a",
    ({ metadata }) => metadata.annotations?.["x"] === undefined,
  );
  expect(live.metadata.annotations).toMatchObject({ somebody: "else" });
  expect(live.spec.template.spec).not.toHaveProperty("nodeSelector");
  await cluster.until(
    namespace,
    "service/a",
    ({ metadata }) => metadata.annotations?.["s"] === undefined,
  );
  await cluster.gone(namespace, "pdb/a");
});

test("what somebody changes or deletes of a child is put right", async () => {
  cluster.apply(namespace, spinApp("a"));
  await cluster.until(namespace, "service/a");
  kubectl(
    "patch",
    "service/a",
    "--type=merge",
    "-p",
    '{"spec":{"selector":{"core.spinkube.dev/app.a.status":"never"}}}',
  );
  await cluster.until(namespace, "service/a", ({ spec }) =>
    JSON.stringify(spec["selector"]).includes("ready"),
  );
  kubectl("delete", "deployment/a", "secret/a-760b133c");
  await cluster.until(namespace, "deployment/a");
  const { metadata } = await cluster.until(namespace, "secret/a-760b133c");
  expect(metadata.ownerReferences).toHaveLength(1);
});

test("a changed Secret of the runtime configuration rolls the pods; the old configuration goes", async () => {
  const store =
    "runtimeConfig: {keyValueStores: [{name: default, type: redis, options: [{name: url, valueFrom: {secretKeyRef: {name: backend, key: url}}}]}]}";
  cluster.apply(namespace, spinApp("a", store));
  const blocked = await cluster.until(
    namespace,
    "spinapp/a",
    ({ status }) => status?.conditions !== undefined,
  );
  expect(readyReason(blocked)).toBe("ReferenceMissing");
  kubectl("create", "secret", "generic", "backend", "--from-literal=url=redis://one");
  const first = configSecret(await cluster.until(namespace, "deployment/a"));
  kubectl("patch", "secret/backend", "-p", '{"stringData":{"url":"redis://two"}}');
  const second = configSecret(
    await cluster.until(namespace, "deployment/a", (live) => configSecret(live) !== first),
  );
  const { data } = await cluster.until(namespace, `secret/${second}`);
  expect(Buffer.from(data?.["runtime-config.toml"] ?? "", "base64").toString()).toContain(
    "url = 'redis://two'",
  );
  // While pods of the former version may restart, they need their Secret.
  expect(cluster.names(namespace, "secrets")).toContain(first);
  pretendRolledOut("a", 1);
  await cluster.gone(namespace, `secret/${first}`);
  expect(cluster.names(namespace, "secrets")).toEqual(expect.arrayContaining([second, "backend"]));
});

test("a changed value of a variable rolls the pods once, and not before it changes", async () => {
  kubectl("create", "configmap", "settings", "--from-literal=level=info", "--from-literal=other=1");
  const variable =
    "variables: [{name: level, valueFrom: {configMapKeyRef: {name: settings, key: level}}}]";
  cluster.apply(namespace, spinApp("a", variable));
  await cluster.until(
    namespace,
    "spinapp/a",
    ({ status }) => status?.["referencesBaseline"] !== undefined,
  );
  const before = await cluster.until(namespace, "deployment/a");
  expect(before.spec.template.metadata.annotations).toBeUndefined();
  kubectl("patch", "configmap/settings", "-p", '{"data":{"other":"2"}}');
  kubectl("patch", "configmap/settings", "-p", '{"data":{"level":"debug"}}');
  const after = await cluster.until(
    namespace,
    "deployment/a",
    ({ spec }) => spec.template.metadata.annotations !== undefined,
  );
  expect(after.metadata.generation).toBe(before.metadata.generation + 1);
});

test("an executor that appears, changes or is switched is followed", async () => {
  cluster.apply(
    namespace,
    spinApp("a", "executor: special").replace("executor: containerd-shim-spin, ", ""),
  );
  const live = await cluster.until(
    namespace,
    "spinapp/a",
    ({ status }) => status?.conditions !== undefined,
  );
  expect(readyReason(live)).toBe("MissingExecutor");
  expect(operator.announcements).toContainEqual(
    expect.objectContaining({ type: "Warning", reason: "MissingExecutor" }),
  );
  cluster.apply(namespace, executor("special", shim));
  await cluster.until(
    namespace,
    "deployment/a",
    ({ spec }) => spec.template.spec.runtimeClassName === "special",
  );
  cluster.apply(namespace, executor("special", shim.replace("special", "other")));
  await cluster.until(
    namespace,
    "deployment/a",
    ({ spec }) => spec.template.spec.runtimeClassName === "other",
  );
  cluster.apply(
    namespace,
    executor("special", "{createDeployment: true, deploymentConfig: {spinImage: spin}}"),
  );
  const contained = await cluster.until(
    namespace,
    "deployment/a",
    ({ spec }) => spec.template.spec.containers[0]?.image === "spin",
  );
  expect(contained.spec.template.spec).not.toHaveProperty("runtimeClassName");
  cluster.apply(namespace, executor("special", "{createDeployment: false}"));
  await cluster.gone(namespace, "deployment/a");
  await cluster.until(namespace, "spinapp/a", (app) => readyReason(app) === "ManagedElsewhere");
  expect(cluster.get(namespace, "service/a")).toBeDefined();
});

test("an executor is kept while an app of its namespace names it, and only of its namespace", async () => {
  const elsewhere = cluster.namespace();
  const finalizer = "core.spinkube.dev/finalizer";
  const guarded = ({ metadata }: Live): boolean =>
    metadata.finalizers?.includes(finalizer) === true;
  for (const place of [namespace, elsewhere]) {
    cluster.apply(place, executor("special", shim));
    await cluster.until(place, "spinappexecutor/special", guarded);
  }
  cluster.apply(elsewhere, spinApp("b").replace("containerd-shim-spin", "special"));
  await cluster.until(elsewhere, "deployment/b");
  kubectl("delete", "spinappexecutor/special", "--wait=false");
  await cluster.gone(namespace, "spinappexecutor/special");
  cluster.server.kubectl(["-n", elsewhere, "delete", "spinappexecutor/special", "--wait=false"]);
  await expect
    .poll(() => operator.announcements.map(({ reason }) => reason))
    .toContain("DeletionBlocked");
  expect(cluster.get(elsewhere, "spinappexecutor/special")).toBeDefined();
  cluster.server.kubectl(["-n", elsewhere, "delete", "spinapp/b", "--wait=false"]);
  await cluster.gone(elsewhere, "spinappexecutor/special");
});

test("an executor of the operator's namespace that is marked so serves every namespace", async () => {
  cluster.ensureNamespace("spin-operator");
  cluster.apply(namespace, spinApp("a").replace("containerd-shim-spin", "shared"));
  await cluster.until(namespace, "spinapp/a", (live) => readyReason(live) === "MissingExecutor");
  cluster.apply("spin-operator", executor("shared", shim.replace("{", "{clusterDefault: true, ")));
  const { spec } = await cluster.until(namespace, "deployment/a");
  expect(spec.template.spec.runtimeClassName).toBe("special");
  // It stays while an app of any namespace uses it, and goes with the last one.
  const system = (...args: readonly string[]): string =>
    cluster.server.kubectl(["-n", "spin-operator", ...args]);
  system("delete", "spinappexecutor/shared", "--wait=false");
  const notes = (): readonly string[] => operator.announcements.map(({ note }) => note);
  await expect
    .poll(notes, { timeout: 20_000 })
    .toContain(`Cannot delete SpinAppExecutor with dependent SpinApps: ${namespace}/a`);
  expect(cluster.get("spin-operator", "spinappexecutor/shared")).toBeDefined();
  cluster.apply(namespace, executor("shared", shim));
  await cluster.gone("spin-operator", "spinappexecutor/shared");
});

test("certificates are provided once for a namespace; somebody's own are left alone", async () => {
  cluster.apply(namespace, spinApp("a"));
  cluster.apply(namespace, spinApp("b"));
  const { data, metadata } = await cluster.until(namespace, "secret/spin-ca");
  expect(metadata.annotations).toMatchObject({
    "app.kubernetes.io/managed-by": "spin-operator.spinkube.dev",
  });
  expect(metadata.ownerReferences).toBeUndefined();
  expect(Buffer.from(data?.["ca-certificates.crt"] ?? "", "base64").toString()).toBe(
    "the certificates\n",
  );
  // Nothing else has to change for it to come back.
  await cluster.until(namespace, "deployment/b");
  kubectl("delete", "secret/spin-ca");
  await cluster.until(namespace, "secret/spin-ca", ({ metadata: { uid } }) => uid !== metadata.uid);
  const other = cluster.namespace();
  cluster.server.kubectl([
    "-n",
    other,
    "create",
    "secret",
    "generic",
    "spin-ca",
    "--from-literal=ca-certificates.crt=mine",
  ]);
  cluster.apply(other, spinApp("a"));
  await cluster.until(other, "deployment/a");
  const mine = cluster.get(other, "secret/spin-ca");
  expect(mine?.data?.["ca-certificates.crt"]).toBe(Buffer.from("mine").toString("base64"));
});

test.each(["deployment", "service"])(
  "a %s of the same name that is somebody else's is never taken over",
  async (kind) => {
    if (kind === "deployment") kubectl("create", "deployment", "a", "--image=theirs");
    else kubectl("create", "service", "clusterip", "a", "--tcp=1:1");
    const before = cluster.get(namespace, `${kind}/a`);
    cluster.apply(namespace, spinApp("a"));
    const live = await cluster.until(
      namespace,
      "spinapp/a",
      (app) => readyReason(app) === "NameTaken",
    );
    expect(live.status?.conditions?.find(({ type }) => type === "Stalled")?.message).toContain(
      "exists and is not this app's (nobody controls it): delete or rename it, or rename the app",
    );
    expect(cluster.get(namespace, `${kind}/a`)?.spec).toEqual(before?.spec);
    kubectl("delete", `${kind}/a`);
    await cluster.until(
      namespace,
      `${kind}/a`,
      ({ metadata }) => metadata.labels?.["core.spinkube.dev/app-name"] === "a",
    );
    await cluster.until(namespace, "spinapp/a", (app) => readyReason(app) === "Starting");
  },
);

test("a child that the API server refuses is told with its reason", async () => {
  cluster.apply(namespace, spinApp("a", "containers: [{name: Bad_Name, image: x}]"));
  const live = await cluster.until(
    namespace,
    "spinapp/a",
    ({ status }) => status?.conditions !== undefined,
  );
  expect(readyReason(live)).toBe("Refused");
  expect(JSON.stringify(live.status)).toContain("spec.template.spec.containers[1].name");
});

test("the longest name works, and all children have it", async () => {
  const name = `a${"b".repeat(51)}`;
  expect(cluster.apply(namespace, spinApp(name))).toBe("");
  await cluster.until(namespace, `service/${name}`);
  await cluster.until(namespace, `deployment/${name}`);
  await cluster.until(namespace, `secret/${name}-760b133c`);
});

test("a changed app that ends is another Job, and the old one goes", async () => {
  const app = (arg: string): string => spinApp("a", `job: {backoffLimit: 1}, args: [${arg}]`);
  cluster.apply(namespace, app("one"));
  await expect.poll(() => cluster.names(namespace, "jobs"), { timeout: 10_000 }).toHaveLength(1);
  const [first = ""] = cluster.names(namespace, "jobs");
  cluster.apply(namespace, app("two"));
  await cluster.gone(namespace, `job/${first}`);
  expect(cluster.names(namespace, "jobs")).toHaveLength(1);
  expect(cluster.get(namespace, "deployment/a")).toBeUndefined();
  cluster.apply(namespace, spinApp("a"));
  await cluster.until(namespace, "deployment/a");
  await expect.poll(() => cluster.names(namespace, "jobs"), { timeout: 10_000 }).toHaveLength(0);
});

test("a Job that has finished is not run again when its time to live has removed it", async () => {
  cluster.apply(namespace, spinApp("a", "job: {ttlSecondsAfterFinished: 600}"));
  await expect.poll(() => cluster.names(namespace, "jobs"), { timeout: 10_000 }).toHaveLength(1);
  const [job = ""] = cluster.names(namespace, "jobs");
  const at = "2026-01-02T03:04:05Z";
  const conditions = ["SuccessCriteriaMet", "Complete"].map((type) => ({ type, status: "True" }));
  const status = { conditions, startTime: at, completionTime: at, succeeded: 1 };
  const patch = JSON.stringify({ status });
  kubectl("patch", `job/${job}`, "--subresource=status", "--type=merge", "-p", patch);
  await cluster.until(namespace, "spinapp/a", (live) => readyReason(live) === "Completed");
  kubectl("delete", `job/${job}`);
  const live = await cluster.until(
    namespace,
    "spinapp/a",
    (found) => found.status?.["jobName"] === undefined,
  );
  expect(readyReason(live)).toBe("Completed");
  expect(cluster.names(namespace, "jobs")).toEqual([]);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { KubeApiServer } from "../../test/servers/kube-apiserver.ts";
import { KubeClient } from "./client.ts";
import { EventRecorder, events } from "./event-recorder.ts";
import { referenceOf } from "./event-series.ts";
import { KubeConfigTransport } from "./kube-config-transport.ts";
import { OperatorMetrics } from "./metrics.ts";
import type { KubeObject } from "./object.ts";
import { OperationsServer } from "./operations-server.ts";
import { resourceType } from "./resource.ts";
import { TokenGuard } from "./token-guard.ts";

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string | number>>;
}
interface Deployment extends KubeObject {
  readonly spec?: object;
  readonly status?: { readonly replicas?: number };
}

const configMaps = resourceType<ConfigMap>({
  apiVersion: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
});
const deployments = resourceType<Deployment>({
  apiVersion: "apps/v1",
  kind: "Deployment",
  plural: "deployments",
});
const clusterRoles = resourceType<KubeObject & { rules: object[] }>({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  namespaced: false,
});
const bindings = resourceType<KubeObject & { roleRef: object; subjects: object[] }>({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  namespaced: false,
});

const namespace = "default";
const metrics = new OperatorMetrics();
let server: KubeApiServer;
let transport: KubeConfigTransport;
let client: KubeClient;

beforeAll(async () => {
  server = await KubeApiServer.start();
  transport = new KubeConfigTransport(server.kubeConfig());
  client = new KubeClient({ transport, userAgent: "whorl-test", observer: metrics.rest() });
});
afterAll(async () => {
  await transport?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

test("an object from its creation to its end", async () => {
  const key = { namespace, name: "life" };
  const made = await client.create(configMaps, { metadata: key, data: { a: "1" } });
  const changed = await client.update(configMaps, { ...made, data: { a: "2" } });
  await client.patch(configMaps, key, { data: { a: null, b: "3" } });
  expect((await client.get(configMaps, key)).data).toEqual({ b: "3" });
  const stale = client.update(configMaps, { ...changed, data: {} });
  await expect(stale).rejects.toMatchObject({ reason: "Conflict", status: 409 });
  const wrongUid = client.delete(configMaps, key, { preconditions: { uid: "another" } });
  await expect(wrongUid).rejects.toMatchObject({ reason: "Conflict" });
  await client.delete(configMaps, key, { dryRun: true });
  const { uid = "" } = made.metadata;
  await client.delete(configMaps, key, { preconditions: { uid } });
  await expect(client.get(configMaps, key)).rejects.toMatchObject({ reason: "NotFound" });
});

test("server-side apply: own fields only, Conflict without force, dry run changes nothing", async () => {
  const metadata = { namespace, name: "applied" };
  const apply = async (
    fieldManager: string,
    data: ConfigMap["data"],
    force = false,
  ): Promise<ConfigMap> =>
    await client.apply(configMaps, { metadata, data: data ?? {} }, { fieldManager, force });
  await apply("one", { a: "1", b: "1" });
  await expect(apply("two", { a: "2" })).rejects.toMatchObject({ reason: "Conflict", status: 409 });
  await apply("two", { a: "2" }, true);
  // What a manager no longer mentions goes, unless another one owns it.
  expect((await apply("one", {})).data).toEqual({ a: "2" });
  const options = { fieldManager: "two", force: true, dryRun: true };
  const dry = await client.apply(configMaps, { metadata, data: { a: "3" } }, options);
  expect(dry.data).toEqual({ a: "3" });
  expect((await client.get(configMaps, metadata)).data).toEqual({ a: "2" });
});

test("the status subresource is written by itself", async () => {
  const metadata = { namespace, name: "with-status" };
  const labels = { app: "a" };
  const container = { name: "a", image: "example/a" };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  const spec = { selector: { matchLabels: labels }, template };
  await client.create(deployments, { metadata, spec });
  const options = { fieldManager: "test", subresource: "status", force: true };
  await client.apply(deployments, { metadata, status: { replicas: 7 } }, options);
  const read = await client.get(deployments, metadata, { subresource: "status" });
  expect(read.status?.replicas).toBe(7);
});

test.each([
  {
    what: "a name that is taken",
    reason: "AlreadyExists",
    status: 409,
    name: "kube-root",
    twice: true,
  },
  { what: "a name that is no name", reason: "Invalid", status: 422, name: "No_Name", twice: false },
])("$what is refused as $reason", async ({ reason, status, name, twice }) => {
  const object = { metadata: { namespace, name } };
  if (twice) await client.create(configMaps, object);
  const refused = client.create(configMaps, object);
  await expect(refused).rejects.toMatchObject({ reason, status, code: "api" });
});

test("an invalid field is named", async () => {
  const object = { metadata: { namespace, name: "invalid", labels: { "a b": "c" } } };
  const refused = client.create(configMaps, object);
  await expect(refused).rejects.toMatchObject({
    causes: [expect.objectContaining({ field: "metadata.labels" })],
  });
});

test("whoever has no right is told so; a wrong token is tried once more, with new credentials", async () => {
  const weak = new KubeConfigTransport(server.kubeConfig({ token: server.weakToken }));
  await using _weak = weak;
  const weakClient = new KubeClient({ transport: weak, userAgent: "whorl-test" });
  const forbidden = weakClient.list(configMaps, { namespace });
  await expect(forbidden).rejects.toMatchObject({ reason: "Forbidden", status: 403 });
  const config = server.kubeConfig({ token: "wrong" });
  await using wrong = new KubeConfigTransport(config);
  const wrongClient = new KubeClient({ transport: wrong, userAgent: "whorl-test" });
  const refused = wrongClient.list(configMaps, { namespace });
  await expect(refused).rejects.toMatchObject({ reason: "Unauthorized" });
  // The token of a kubeconfig is replaced while the program runs.
  config.users = [{ name: "test", token: server.token }];
  await expect(wrongClient.list(configMaps, { namespace })).resolves.toBeDefined();
});

test("pages: each object once, the last one without a token; a broken token is refused", async () => {
  for (let index = 0; index < 7; index += 1) {
    await client.create(configMaps, {
      metadata: { namespace, name: `page-${index}`, labels: { page: "yes" } },
    });
  }
  const options = { namespace, labelSelector: "page=yes", limit: 3 };
  const sizes: number[] = [];
  for await (const page of client.pages(configMaps, options)) sizes.push(page.items.length);
  expect(sizes).toEqual([3, 3, 1]);
  const broken = client.list(configMaps, { namespace, limit: 3, continue: "broken" });
  await expect(broken).rejects.toMatchObject({ status: 400 });
});

test("bookmarks move a watch on where nothing of its own happens", async () => {
  const { metadata } = await client.list(configMaps, { namespace });
  const { resourceVersion } = metadata;
  const watched = client.watch(configMaps, {
    namespace,
    fieldSelector: "metadata.name=never",
    resourceVersion,
    timeoutMs: 8000,
  });
  const elsewhere = setTimeout(() => {
    void client.create(configMaps, { metadata: { namespace, name: "elsewhere" } });
  }, 500);
  // The server sends a last bookmark shortly before it ends a watch.
  const seen = await Array.fromAsync(watched);
  clearTimeout(elsewhere);
  expect(seen.map(({ type }) => type)).toContain("BOOKMARK");
  const last = seen.at(-1);
  const version = last?.type === "BOOKMARK" ? Number(last.resourceVersion) : 0;
  expect(version).toBeGreaterThan(Number(resourceVersion));
});

test("a signal ends a watch and a request with its reason", async () => {
  const reason = new Error("enough");
  const stop = new AbortController();
  const { resourceVersion } = (await client.list(configMaps)).metadata;
  const options = { resourceVersion, signal: stop.signal };
  const watched = Array.fromAsync(client.watch(configMaps, options));
  setTimeout(() => stop.abort(reason), 100);
  await expect(watched).rejects.toBe(reason);
  await expect(client.list(configMaps, { signal: stop.signal })).rejects.toBe(reason);
});

test("events: equal ones become a series of one object, written at the latest at the end", async () => {
  const object = await client.create(configMaps, { metadata: { namespace, name: "told" } });
  const regarding = referenceOf(object, { apiVersion: "v1", kind: "ConfigMap" });
  const recorder = new EventRecorder({
    client,
    controller: "example.dev/test",
    instance: "test-1",
  });
  const stop = new AbortController();
  const running = recorder.run(stop.signal);
  const facts = { regarding, type: "Warning", reason: "Broken", action: "Test" } as const;
  for (let index = 0; index < 5; index += 1) recorder.record({ ...facts, note: "it is broken" });
  recorder.record({ ...facts, note: "x".repeat(5000) });
  stop.abort();
  await running;
  const fieldSelector = "regarding.name=told";
  const { items } = await client.list(events, { namespace, fieldSelector });
  const counted = items.map(({ note, series }) => `${note.slice(0, 12)} ${series?.count ?? 1}`);
  expect(new Set(counted)).toEqual(new Set(["it is broken 5", `${"x".repeat(12)} 1`]));
  expect(recorder.dropped).toBe(0);
  const described = server.kubectl(["describe", "configmap", "told"]);
  expect(described).toMatch(/Warning\s+Broken\s+.*example\.dev\/test\s+it is broken/);
});

test("metrics are for those who may read them", async () => {
  const guard = new TokenGuard(client);
  await using operations = await OperationsServer.start({
    host: "127.0.0.1",
    port: 0,
    metrics: metrics.registry,
    guard: async (authorization, path) => await guard.check(authorization, path),
  });
  const read = async (token?: string): Promise<Response> =>
    await fetch(`http://127.0.0.1:${operations.port}/metrics`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  expect((await read()).status).toBe(401);
  expect((await read("wrong")).status).toBe(401);
  expect((await read(server.weakToken)).status).toBe(403);
  const admin = await read(server.token);
  expect(admin.status).toBe(200);
  const text = await admin.text();
  expect(text).toMatch(
    /rest_client_requests_total\{code="200",method="GET",host="127\.0\.0\.1:\d+"\}/,
  );
  const metadata = { name: "metrics-reader" };
  await client.create(clusterRoles, {
    metadata,
    rules: [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }],
  });
  await client.create(bindings, {
    metadata,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", ...metadata },
    subjects: [{ kind: "User", name: "nobody", apiGroup: "rbac.authorization.k8s.io" }],
  });
  const fresh = new TokenGuard(client);
  const verdict = async (): Promise<string> =>
    await fresh.check(`Bearer ${server.weakToken}`, "/metrics");
  // The API server's own cache of roles is a moment behind.
  while (
    (await new TokenGuard(client).check(`Bearer ${server.weakToken}`, "/metrics")) !== "allowed"
  ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await verdict()).toBe("allowed");
});

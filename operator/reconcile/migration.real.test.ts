import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import type { Manifest } from "../desired/manifest.ts";
import { TestCluster, golden, readyReason } from "../../test/operator/test-cluster.ts";
import { TestOperator } from "../../test/operator/test-operator.ts";

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
  cluster.server.kubectl(["create", "namespace", "shop"]);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** Cases of upstream's fields only: what spin-operator makes of them is what we make. */
const cases = ["minimal", "annotations", "spintainer", "variables", "autoscaled"];

test("apps of spin-operator go on without a change of any pod template", async () => {
  const apps = new Map<string, number>();
  for (const name of cases) {
    expect(cluster.apply("shop", golden(`${name}.in.yaml`))).toBe("");
    for (const child of documents(golden(`${name}.out.yaml`))) makeAsUpstream(child);
  }
  for (const name of cluster.names("shop", "deployments")) {
    apps.set(name, cluster.get("shop", `deployment/${name}`)?.metadata.generation ?? 0);
  }
  expect(apps.size).toBe(cases.length);

  await using operator = await TestOperator.start(cluster.server);
  for (const [name, generation] of apps) {
    await cluster.until("shop", `spinapp/${name}`, (live) => readyReason(live) !== undefined);
    expect(cluster.get("shop", `deployment/${name}`)?.metadata.generation).toBe(generation);
  }
  // Finalizers, the certificates and the status are new; children are as they were.
  const children = operator.requests.filter((request) =>
    /deployments|services|secrets/u.test(request),
  );
  expect(children.filter((request) => !request.startsWith("POST"))).toEqual([]);
});

function documents(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/**
 * As Go's encoder and controller-runtime send it: Secrets by a plain create, the rest by apply with
 * the zero values of fields that have no omitempty.
 */
function makeAsUpstream(child: Manifest): void {
  const [first] = child.metadata.ownerReferences ?? [];
  const app = cluster.get("shop", `spinapp/${first?.name}`);
  const owned = [{ ...first, uid: app?.metadata.uid }];
  const metadata = { ...child.metadata, ownerReferences: owned };
  if (child.kind === "Secret") {
    const secret = { ...child, metadata, data: undefined, stringData: child["data"] };
    cluster.server.kubectl(["create", "-f", "-"], stringify(secret));
    return;
  }
  const zeros = child.kind === "Deployment" ? { status: {} } : { status: { loadBalancer: {} } };
  const object = { ...child, ...zeros, metadata: { ...metadata, creationTimestamp: null } };
  const args = ["apply", "--server-side", "--force-conflicts", "--field-manager=spin-operator"];
  cluster.server.kubectl([...args, "-f", "-"], stringify(object));
}

test("a Deployment that was left behind by a deleted app is adopted by its successor", async () => {
  const place = cluster.namespace();
  const app = golden("minimal.in.yaml").replace("namespace: shop", `namespace: ${place}`);
  {
    await using operator = await TestOperator.start(cluster.server, { namespace: place });
    expect(cluster.apply(place, app)).toBe("");
    await cluster.until(place, "service/hello");
    expect(operator.requests.length).toBeGreaterThan(0);
  }
  const orphan = ["delete", "spinapp/hello", "--cascade=orphan", "--wait=false"];
  cluster.server.kubectl(["-n", place, ...orphan]);
  const free = '{"metadata":{"finalizers":null}}';
  cluster.server.kubectl(["-n", place, "patch", "spinapp/hello", "--type=merge", "-p", free]);
  await cluster.gone(place, "spinapp/hello");
  for (const kind of ["deployment", "service", "secret"]) {
    const names = cluster.names(place, kind).filter((name) => name.startsWith("hello"));
    for (const name of names) dropOwners(place, `${kind}/${name}`);
  }
  const before = cluster.get(place, "deployment/hello");
  expect(cluster.apply(place, app)).toBe("");
  await using _operator = await TestOperator.start(cluster.server, { namespace: place });
  const after = await cluster.until(
    place,
    "deployment/hello",
    ({ metadata }) => (metadata.ownerReferences ?? []).length === 1,
  );
  expect(after.metadata.uid).toBe(before?.metadata.uid);
  expect(after.metadata.generation).toBe(before?.metadata.generation);
});

/** What the garbage collector does with `--cascade=orphan`. */
function dropOwners(place: string, object: string): void {
  const patch = '{"metadata":{"ownerReferences":null}}';
  cluster.server.kubectl(["-n", place, "patch", object, "--type=merge", "-p", patch]);
}

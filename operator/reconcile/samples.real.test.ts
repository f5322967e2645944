import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../desired/manifest.ts";
import { TestCluster, golden } from "../../test/operator/test-cluster.ts";
import type { Live } from "../../test/operator/test-cluster.ts";
import { TestOperator } from "../../test/operator/test-operator.ts";

let cluster: TestCluster;
let operator: TestOperator;

beforeAll(async () => {
  cluster = await TestCluster.start();
  cluster.server.kubectl(["create", "namespace", "shop"]);
  operator = await TestOperator.start(cluster.server);
});

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const cases = readdirSync(new URL("../golden/apps/", import.meta.url))
  .filter((file) => file.endsWith(".in.yaml"))
  .map((file) => file.replace(/\.in\.yaml$/u, ""));

function documents(text: string): readonly Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

test.each(cases)("%s: what is in the cluster is what the golden file says", async (name) => {
  expect(cluster.apply("shop", golden(`${name}.in.yaml`))).toBe("");
  for (const wanted of documents(golden(`${name}.out.yaml`))) {
    const live = await cluster.until("shop", `${wanted.kind}/${wanted.metadata.name}`);
    expect(visible(live)).toMatchObject(withoutUid(wanted));
  }
});

test("spin-operator's samples are taken as they are, and each gets its children", async () => {
  const namespace = cluster.namespace();
  expect(cluster.apply(namespace, golden("../upstream-samples/samples.yaml"))).toBe("");
  const apps = cluster.names(namespace, "spinapps");
  expect(apps).toHaveLength(15);
  for (const name of apps) {
    await cluster.until(namespace, `service/${name}`);
    await cluster.until(namespace, `deployment/${name}`);
  }
});

test("a resync asks nothing of the API server", async () => {
  const settled = cluster.names("shop", "spinapps");
  for (const name of settled) {
    await cluster.until(
      "shop",
      `spinapp/${name}`,
      ({ status }) => status?.conditions !== undefined,
    );
  }
  await using second = await TestOperator.start(cluster.server);
  const late = cluster.apply("shop", golden("minimal.in.yaml").replace("hello,", "late,"));
  expect(late).toBe("");
  // Items of the first list have low priority: when the newcomer is done, so are most of them, and
  // each write that any of them needs would be seen here.
  await cluster.until("shop", "deployment/late");
  const foreign = second.requests.filter((request) => !request.includes("/late"));
  expect(foreign.filter((request) => !request.endsWith("/secrets"))).toEqual([]);
});

/** Secrets as text, and what an empty map becomes. */
function visible(live: Live): object {
  const data = Object.entries(live.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, "base64").toString(),
  ]);
  const { annotations = {} } = live.metadata;
  return {
    ...live,
    metadata: { ...live.metadata, annotations },
    ...(data.length === 0 ? {} : { data: Object.fromEntries(data) as object }),
  };
}

/** The golden files carry a made-up uid of the app; the API server drops empty annotations. */
function withoutUid(wanted: Manifest): object {
  const owners = wanted.metadata.ownerReferences?.map((owner) => ({
    ...owner,
    uid: expect.any(String) as string,
  }));
  const template = JSON.parse(JSON.stringify(wanted["spec"] ?? {}), dropEmpty) as object;
  return {
    ...wanted,
    metadata: { ...wanted.metadata, ownerReferences: owners },
    ...(wanted["spec"] === undefined ? {} : { spec: template }),
  };
}

function dropEmpty(key: string, value: unknown): unknown {
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return isEmpty && key === "annotations" ? undefined : value;
}

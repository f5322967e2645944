import { afterAll, beforeAll, expect, test } from "vitest";
import { resourceType } from "../../operator/kube/resource.ts";
import { deployments } from "../../operator/reconcile/resources.ts";
import { isKubeError } from "../../operator/kube/kube-error.ts";
import { Kro, kroCrds } from "../servers/kro.ts";
import { KubeControllerManager } from "../servers/kube-controller-manager.ts";
import { TestCluster, poll } from "./test-cluster.ts";
import type { Live } from "./test-cluster.ts";
import { TestOperator } from "./test-operator.ts";

/** A group of things that belong together: an app, what it talks to, and its password. */
const graph = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shop }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec:
      image: string
      greeting: string | default="hello"
    status:
      url: \${app.status.url}
      ready: \${app.status.readyReplicas}
  resources:
    - id: password
      template:
        apiVersion: v1
        kind: Secret
        metadata: { name: "\${schema.metadata.name}-password" }
        stringData: { password: "\${schema.spec.greeting}" }
    - id: backend
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: "\${schema.metadata.name}-backend" }
        spec:
          replicas: 0
          selector: { matchLabels: { app: backend } }
          template:
            metadata: { labels: { app: backend } }
            spec: { containers: [{ name: backend, image: "registry.example/backend:1" }] }
    - id: app
      readyWhen:
        - \${app.status.conditions.exists(c, c.type == "Ready" && c.status == "True")}
      template:
        apiVersion: core.spinkube.dev/v1alpha1
        kind: SpinApp
        metadata: { name: "\${schema.metadata.name}" }
        spec:
          image: \${schema.spec.image}
          executor: containerd-shim-spin
          replicas: 1
          variables:
            - name: backend
              value: \${backend.metadata.name}
            - name: password
              valueFrom: { secretKeyRef: { name: "\${password.metadata.name}", key: password } }
`;

const shops = resourceType({ apiVersion: "kro.run/v1alpha1", kind: "Shop", plural: "shops" });
const graphs = resourceType({
  apiVersion: "kro.run/v1alpha1",
  kind: "ResourceGraphDefinition",
  plural: "resourcegraphdefinitions",
  namespaced: false,
});

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start();
  for (const text of kroCrds()) {
    cluster.server.kubectl(["apply", "--server-side", "-f", "-"], text);
  }
  await cluster.established([
    "resourcegraphdefinitions.kro.run",
    "graphrevisions.internal.kro.run",
  ]);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function shop(image: string): string {
  return `{apiVersion: kro.run/v1alpha1, kind: Shop, metadata: {name: corner}, spec: {image: "${image}"}}`;
}

async function shopIs(namespace: string, isWanted: (live: Live) => boolean): Promise<void> {
  await poll(
    () => cluster.server.kubectl(["get", "-n", namespace, "shop/corner", "-o", "yaml"]),
    async () => {
      const live = await cluster.client.get(shops, { namespace, name: "corner" });
      return isWanted(live as unknown as Live);
    },
  );
}

function isReady({ status }: Live): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True";
}

/** What the Deployment controller and a kubelet would make of it: no pod can start here. */
async function pretendRolledOut(namespace: string, name: string): Promise<void> {
  const { metadata } = await cluster.client.get(deployments, { namespace, name });
  const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
  const status = { observedGeneration: metadata.generation, ...counts };
  await cluster.client.patch(
    deployments,
    { namespace, name },
    { status },
    { subresource: "status" },
  );
}

test("an app in a graph of kro's becomes ready, is updated, and goes without a trace", async () => {
  await using kro = await Kro.start(cluster.server);
  const namespace = cluster.namespace();
  await using _operator = await TestOperator.start(cluster.server, { namespace });
  cluster.server.kubectl(["apply", "-f", "-"], graph);
  await poll(
    () => `${cluster.server.kubectl(["get", "rgd/shop", "-o", "yaml"])}\n${kro.output}`,
    async () => {
      const live = (await cluster.client.get(graphs, { name: "shop" })) as unknown as Live;
      return live.status?.["state"] === "Active";
    },
  );
  await cluster.established(["shops.kro.run"]);
  expect(cluster.apply(namespace, shop("registry.example/shop:1"))).toBe("");
  const first = await cluster.until(namespace, "deployment/corner");
  expect(JSON.stringify(first.spec)).toContain('"value":"corner-backend"');
  await pretendRolledOut(namespace, "corner");
  await shopIs(namespace, isReady);
  await shopIs(namespace, ({ status }) => status?.["url"] === `http://corner.${namespace}.svc`);

  expect(cluster.apply(namespace, shop("registry.example/shop:2"))).toBe("");
  await cluster.until(
    namespace,
    "deployment/corner",
    ({ spec }) => spec.template.spec.containers[0]?.image === "registry.example/shop:2",
  );
  await pretendRolledOut(namespace, "corner");
  await cluster.until(
    namespace,
    "spinapp/corner",
    (live) => live.status?.["observedGeneration"] === live.metadata.generation && isReady(live),
  );
  await shopIs(namespace, isReady);
  expect(cluster.get(namespace, "spinapp/corner")?.metadata.generation).toBe(2);

  // Garbage collection is the controller manager's; the Deployment controller would start pods.
  await using _manager = await KubeControllerManager.start(cluster.server, {
    controllers: ["garbage-collector-controller"],
  });
  cluster.server.kubectl(["-n", namespace, "delete", "shop/corner", "--wait=false"]);
  for (const object of ["spinapp/corner", "deployment/corner", "service/corner"]) {
    await cluster.gone(namespace, object);
  }
  await cluster.gone(namespace, "deployment/corner-backend");
  await cluster.gone(namespace, "secret/corner-password");
  await poll("the shop is still there", async () => {
    try {
      await cluster.client.get(shops, { namespace, name: "corner" });
      return false;
    } catch (error) {
      return isKubeError(error, "NotFound");
    }
  });
  const left = cluster.names(namespace, "secrets").filter((name) => name !== "spin-ca");
  expect(left).toEqual([]);
});

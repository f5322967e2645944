/** kro's real controller over the sample of deploy/samples. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Kro, kroCrds } from "../../servers/kro.ts";
import { sharedCluster } from "../shared-cluster.ts";

const cluster = sharedCluster();
const place = cluster.namespace();
const sample = new URL("../../../deploy/samples/kro-resource-graph.yaml", import.meta.url);
let kro: Kro;

beforeAll(async () => {
  for (const crd of kroCrds()) cluster.apply(crd);
  kro = await Kro.start({ kubeconfigFile: cluster.access.kubeconfig });
});
afterAll(async () => {
  using _place = place;
  await using _kro = kro;
  cluster.kubectl("delete", "greeters", "--all", "-A", "--timeout=60s");
  cluster.kubectl("delete", "resourcegraphdefinition", "greeter", "--timeout=60s");
});

/** @proves kro | a SpinApp is ready for it when its condition `Ready` holds */
test("an app in a ResourceGraphDefinition", async () => {
  const patience = { timeout: 60_000, interval: 300 } as const;
  place.apply(readFileSync(sample, "utf8"));
  place.kubectl(
    ...["wait", "--for=condition=Ready", "--timeout=60s"],
    "resourcegraphdefinition/greeter",
  );
  await vi.waitFor(() => {
    place.apply(
      "{apiVersion: kro.run/v1alpha1, kind: Greeter, metadata: {name: first}, spec: {image: 'registry.example/whorl/spin2:1'}}",
    );
  }, patience);
  await vi.waitFor(() => {
    expect(place.field("greeter/first", "{.status.url}")).toContain("http://first.");
  }, patience);
  place.ready("first");
  const url = `http://${place.service("first")}/variables@2.0.0/get`;
  await vi.waitFor(async () => {
    const response = await fetch(url, { method: "POST", body: '["greeting"]' });
    expect(await response.text()).toContain("good morning");
  }, patience);
});

/** kubectl's commands for looking into pods, on a pod with an app. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { kubernetesTool } from "../servers/kubernetes-tools.ts";
import type { TestNamespace } from "./cluster-client.ts";
import { app, health } from "./manifests.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
let place: TestNamespace;

beforeEach(() => {
  place = cluster.namespace();
  place.apply(app("seen", "hello:1", `replicas: 1, ${health}`));
  place.ready("seen");
});
afterEach(() => place[Symbol.dispose]());

/** @proves `kubectl port-forward`, the API server's proxy | as always */
test("port-forward", async () => {
  const { kubeconfig } = cluster.access;
  const where = ["--kubeconfig", kubeconfig, "-n", place.name];
  const forward = spawn(
    kubernetesTool("kubectl"),
    [...where, "port-forward", "deployment/seen", ":80", "--address=127.0.0.1"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  try {
    const [line] = (await once(createInterface(forward.stdout), "line")) as [string];
    const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    expect(await place.fetch(`http://127.0.0.1:${port}/`)).toContain("Hello");
  } finally {
    forward.kill();
  }
});

/** @proves `kubectl debug` | an ephemeral container beside the app, in its network */
test("debug: an ordinary container in the app's pod", async () => {
  const pod = place.field("pods", "{.items[0].metadata.name}");
  const ask = "wget -qO- http://127.0.0.1/; exec sleep 1000";
  const image = "--image=registry.example/busybox:1";
  const container = ["--attach=false", "-c", "debugger", "--profile=general"];
  place.kubectl("debug", pod, image, ...container, "--", "sh", "-c", ask);
  await vi.waitFor(
    () => {
      expect(place.kubectl("logs", pod, "-c", "debugger")).toContain("Hello");
    },
    { timeout: 40_000, interval: 300 },
  );
});

/** @proves `kubectl exec`, `attach` */
test("exec and attach say why there is nothing to run in", () => {
  expect(() => place.kubectl("exec", "deployment/seen", "--", "sh")).toThrow(/has no processes/);
});

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TestNamespace } from "./cluster-client.ts";
import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();
let place: TestNamespace;

beforeEach(() => {
  place = cluster.namespace();
});
afterEach(() => place[Symbol.dispose]());

const patience = { timeout: 40_000, interval: 200 } as const;

function applySample(name: string): void {
  place.apply(readFileSync(new URL(`../../deploy/samples/${name}.yaml`, import.meta.url), "utf8"));
}

test("an app alone", async () => {
  applySample("spin-app");
  place.ready("hello");
  expect(await place.fetch(`http://${place.service("hello")}/`)).toContain("Hello");
});

/** @proves containers beside it | ordinary ones run under runc; each reaches the other on localhost */
test("an app beside nginx", async () => {
  applySample("beside-nginx");
  place.ready("beside-nginx");
  const ip = place.field("pods", "{.items[0].status.podIP}");
  expect(await place.fetch(`http://${ip}:8080/`)).toContain("Hello");
  expect(await place.fetch(`http://${ip}/`)).toBe("a server\n");
  const asked = place.kubectl(
    ...["exec", "deployment/beside-nginx", "-c", "nginx", "--"],
    ...["wget", "-qO-", "http://127.0.0.1:8080/"],
  );
  expect(asked).toContain("Hello");
});

/** @proves Deployment, Service | as always; functions and ordinary containers in one pod, no custom resource */
test("three functions beside a server, without any custom resource", async () => {
  applySample("functions-beside-server");
  place.ready("deployment/shop", "Available");
  const ip = place.service("shop");
  expect(await place.fetch(`http://${ip}/`)).toBe("a server\n");
  expect(await place.fetch(`http://${ip}:8081/`)).toContain("Hello");
  expect(await place.fetch(`http://${ip}:8082/count`)).toBe("1\n");
  expect(await place.fetch(`http://${ip}:8083/`)).not.toBe("");
});

/** @proves Job, CronJob | a command app; its exit status is the container's */
test("a program that ends", async () => {
  applySample("job");
  place.ready("import");
  expect(place.field("spinapp/import", '{.status.conditions[?(@.type=="Ready")].reason}')).toBe(
    "Completed",
  );
  const job = place.field("spinapp/import", "{.status.jobName}");
  expect(place.kubectl("logs", `job/${job}`)).toContain("--fast");
});

/** @proves Job, CronJob */
test("the same at points in time", async () => {
  applySample("cron-job");
  place.ready("every-minute");
  place.kubectl("create", "job", "now", "--from=cronjob/every-minute");
  place.ready("job/now", "Complete");
  expect(place.kubectl("logs", "job/now")).toContain("now");
});

/** @proves `kubectl scale`, HorizontalPodAutoscaler */
test.each(["autoscaling", "horizontal-pod-autoscaler"])(
  "%s: an autoscaler finds its target",
  async (name) => {
    applySample(name);
    await vi.waitFor(() => {
      const object = place.kubectl("get", "horizontalpodautoscaler", "-o", "name").trim();
      const able = place.field(object, '{.status.conditions[?(@.type=="AbleToScale")].status}');
      expect(able).toBe("True");
    }, patience);
  },
);

/** @proves Secrets, ConfigMaps, emptyDir as volumes | folders that guests see */
test("files of volumes, and variables of Secrets", async () => {
  applySample("volumes-and-secrets");
  place.ready("mounted");
  const url = `http://${place.service("mounted")}`;
  expect(await place.fetch(`${url}/file?name=texts/greeting.txt`)).toBe("good morning\n");
  expect(await place.fetch(`${url}/file?name=keys/token`)).toBe("first");
});

/** @proves init containers, native sidecars | started before the app and ended after it */
test("a sidecar that is there before the app", async () => {
  applySample("sidecar");
  place.ready("with-sidecar");
  const url = `http://${place.service("with-sidecar")}`;
  expect(await place.fetch(`${url}/fetch?url=http://127.0.0.1:3500/`)).toBe("a sidecar\n");
});

test("a function in front of a language model", async () => {
  applySample("llm");
  place.ready("ask");
  const url = `http://${place.service("ask")}/`;
  await vi.waitFor(async () => {
    const response = await fetch(url, { method: "POST", body: '{"question": "What is it?"}' });
    expect(await response.text()).toBe('{"answer":"Forty-two.","tokens":10}');
  }, patience);
});

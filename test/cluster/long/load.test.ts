/** A minute of requests during each kind of change, which is made again and again meanwhile. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TestNamespace } from "../cluster-client.ts";
import { expectNoneLost } from "../expect-none-lost.ts";
import { install } from "../install-chart.ts";
import { app, health, onTwoNodes } from "../manifests.ts";
import { frontPrograms, nextVersion, pushNextAgent, withNextAgent } from "../next-version.ts";
import { sharedCluster } from "../shared-cluster.ts";

const cluster = sharedCluster();
const forMs = 60_000;
let place: TestNamespace;

beforeEach(() => {
  place = cluster.namespace();
  place.apply(app("asked", "hello:1", `${onTwoNodes("asked")}, ${health}`));
  place.ready("asked");
});
afterEach(() => place[Symbol.dispose]());

function rollOut(object: string): void {
  cluster.kubectl("-n", "whorl", "rollout", "restart", object);
  cluster.kubectl("-n", "whorl", "rollout", "status", object, "--timeout=120s");
}

/** @proves rolling updates */
test("rolling updates", { timeout: 300_000 }, async () => {
  await expectNoneLost(place, "asked", {
    forMs,
    change: (count) => {
      const image = `hello:${2 - (count % 2)}`;
      place.apply(app("asked", image, `${onTwoNodes("asked")}, ${health}`));
      const seen = `--for=jsonpath={.status.observedGeneration}=${count + 2}`;
      place.kubectl("wait", seen, "spinapp/asked", "--timeout=60s");
      place.kubectl("rollout", "status", "deployment/asked", "--timeout=60s");
    },
  });
});

test.each([
  ["agents", "daemonset/whorl-agent"],
  ["operators", "deployment/whorl-operator"],
])("new %s", { timeout: 300_000 }, async (_name, object) => {
  const pods = place.field("pods", "{.items[*].metadata.uid}");
  await expectNoneLost(place, "asked", { forMs, change: () => rollOut(object) });
  expect(place.field("pods", "{.items[*].metadata.uid}")).toBe(pods);
});

test("fronts of another version, and back", { timeout: 400_000 }, async () => {
  await pushNextAgent(cluster);
  const pods = place.field("pods", "{.items[*].metadata.uid}");
  await expectNoneLost(place, "asked", {
    forMs,
    change: () => {
      install(cluster, "upgrade", withNextAgent);
      expect(frontPrograms(cluster).join()).toContain(nextVersion);
      install(cluster, "upgrade");
      expect(frontPrograms(cluster).join()).not.toContain(nextVersion);
    },
  });
  expect(place.field("pods", "{.items[*].metadata.uid}")).toBe(pods);
  const restarts = place.field("pods", "{.items[*].status.containerStatuses[0].restartCount}");
  expect(restarts).toBe("0 0");
});

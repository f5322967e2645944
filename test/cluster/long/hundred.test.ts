/** What takes minutes: `npm run test:cluster:all`. */
import { afterAll, expect, test } from "vitest";
import { app, health } from "../manifests.ts";
import { sharedCluster } from "../shared-cluster.ts";

const count = 100;
const place = sharedCluster().namespace();
afterAll(() => place[Symbol.dispose]());

test("a hundred apps at once become ready, and each answers", { timeout: 600_000 }, async () => {
  const apps = Array.from({ length: count }, (_, index) =>
    app(`app-${index}`, "hello:1", `replicas: 1, ${health}`),
  );
  place.apply(apps.join("\n---\n"));
  place.kubectl("wait", "--for=condition=Ready", "--timeout=500s", "spinapp", "--all");
  const addresses = place.field("pods", "{.items[*].status.podIP}").split(" ");
  expect(addresses).toHaveLength(count);
  for (const address of addresses) {
    expect(await place.fetch(`http://${address}/`)).toContain("Hello");
  }
  const restarts = place.field("pods", "{.items[*].status.containerStatuses[0].restartCount}");
  expect(new Set(restarts.split(" "))).toEqual(new Set(["0"]));
});

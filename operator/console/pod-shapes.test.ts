import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import type { ContainerStatus, ObservedPod } from "../status/observed.ts";
import { podMapOf } from "./pod-shapes.ts";

const isWasm = (app: string, container: string): boolean => app === `shop/${container}`;

function pod(name: string, statuses: readonly ContainerStatus[], more: object = {}): ObservedPod {
  return {
    metadata: { name, namespace: "shop", labels: { "core.spinkube.dev/app-name": "cart" } },
    spec: { nodeName: "node-a" },
    status: { phase: "Running", containerStatuses: statuses },
    ...more,
  };
}

const running = (name: string): ContainerStatus => ({
  ...{ name, ready: true, restartCount: 0, image: `registry.example/${name}:1` },
  state: { running: {} },
});
const crashing: ContainerStatus = {
  ...{ name: "proxy", ready: false, restartCount: 4, image: "registry.example/proxy:1" },
  state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } },
  lastState: { terminated: { exitCode: 1, message: "no port\u001b[2J" } },
};

test("a Wasm function beside an ordinary container that does not start", () => {
  const { nodes, total } = podMapOf([pod("cart-x", [running("cart"), crashing])], isWasm);
  expect(total).toBeUndefined();
  expect(nodes).toEqual([
    {
      name: "node-a",
      pods: [
        {
          ...{ namespace: "shop", name: "cart-x", app: "shop/cart", phase: "Running" },
          ...{ isReady: false, reason: "container proxy: no port\u001b[2J [exit code 1]" },
          containers: [
            {
              ...{ name: "cart", kind: "wasm", image: "registry.example/cart:1" },
              ...{ state: "running", isReady: true, restarts: 0 },
            },
            {
              ...{ name: "proxy", kind: "container", image: "registry.example/proxy:1" },
              ...{ state: "waiting", isReady: false, restarts: 4 },
              ...{ reason: "CrashLoopBackOff", message: "no port\u001b[2J" },
            },
          ],
        },
      ],
    },
  ]);
});

test.each<[string, ObservedPod, object]>([
  [
    "without a node and without a status",
    { metadata: { name: "p", namespace: "shop" } },
    { phase: "Unknown", isReady: false, reason: "", containers: [] },
  ],
  [
    "that no node takes",
    pod("p", [], {
      status: {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", status: "False", message: "0/3 nodes" }],
      },
    }),
    { phase: "Pending", isReady: false, reason: "0/3 nodes" },
  ],
  [
    "of a phase nobody knows",
    pod("p", [running("cart")], { status: { phase: "Confused" } }),
    { phase: "Unknown" },
  ],
  [
    "with a sidecar, and an init container that has ended",
    pod("p", [running("cart")], {
      status: {
        phase: "Running",
        containerStatuses: [running("cart")],
        initContainerStatuses: [
          running("mesh"),
          { name: "setup", state: { terminated: { exitCode: 0 } } },
        ],
      },
    }),
    { isReady: true, containers: [{ name: "cart" }, { name: "mesh", kind: "container" }] },
  ],
])("a pod %s", (_, given, expected) => {
  expect(podMapOf([given], isWasm).nodes[0]?.pods[0]).toMatchObject(expected);
});

test("of too many pods those that are not ready are shown, and how many there are", () => {
  const count = limits.consolePodsMax + 200;
  const pods = Array.from({ length: count }, (_, at) =>
    pod(`p${at}`, [at === count - 1 ? crashing : running("cart")]),
  );
  const map = podMapOf(pods, isWasm);
  expect(map.total).toBe(count);
  const shown = map.nodes.flatMap((node) => node.pods);
  expect(shown).toHaveLength(limits.consolePodsMax);
  expect(shown.filter(({ isReady }) => !isReady).map(({ name }) => name)).toEqual([
    `p${count - 1}`,
  ]);
});

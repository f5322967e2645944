import { expect, test } from "vitest";
import { chooseIsolation, type IsolationRequest, nodeIsolation } from "./isolation.ts";

type Spec = IsolationRequest["spec"];

function choose(
  spec: Partial<Spec> = {},
  rest: Partial<IsolationRequest> = {},
): ReturnType<typeof chooseIsolation> {
  return chooseIsolation({
    spec: {
      annotations: new Map([["io.kubernetes.cri.sandbox-namespace", "shop"]]),
      user: { uid: 0, gid: 0 },
      additionalGroups: [],
      network: { kind: "path", path: "/proc/1/ns/net" },
      resources: {},
      mounts: [],
      ...spec,
    },
    appKind: "image",
    nodeDefault: "namespace",
    ...rest,
  });
}

function annotated(mode: string): Spec["annotations"] {
  return new Map([
    ["io.kubernetes.cri.sandbox-namespace", "shop"],
    ["io.whorl.isolation", mode],
  ]);
}

test("a node's default, and what a pod says instead", () => {
  expect(choose()).toEqual({ kind: "domain", domain: "ns-shop" });
  expect(choose({}, { nodeDefault: "shared" })).toEqual({ kind: "domain", domain: "all" });
  expect(choose({}, { nodeDefault: "pod" })).toEqual({ kind: "pod", reason: undefined });
  expect(choose({ annotations: annotated("pod") })).toEqual({ kind: "pod", reason: undefined });
  expect(choose({ annotations: annotated("shared") })).toEqual({ kind: "domain", domain: "all" });
  const byOperator = new Map([["whorl.dev/isolation", "pod"]]);
  expect(choose({ annotations: byOperator })).toEqual({ kind: "pod", reason: undefined });
});

test("what is not understood is the strictest", () => {
  const reason = 'io.whorl.isolation is "none", none of pod, namespace, shared';
  expect(choose({ annotations: annotated("none") })).toEqual({ kind: "pod", reason });
});

test.each<[string, Partial<Spec>]>([
  ["user", { user: { uid: 5, gid: 0 } }],
  ["groups", { additionalGroups: [7] }],
  ["network", { network: { kind: "host" } }],
  ["memory limit", { resources: { memoryBytes: 1 } }],
  ["CPU limit", { resources: { cpuQuotaUs: 1 } }],
  [
    "mounted below",
    { mounts: [{ source: "/a", destination: "/b", type: "bind", options: ["rbind", "rslave"] }] },
  ],
  ["namespace is not known", { annotations: new Map() }],
])("a process of its own because of its %s", (reason, spec) => {
  expect(choose(spec)).toMatchObject({ kind: "pod", reason: expect.stringContaining(reason) });
});

test("requests alone are no limits", () => {
  expect(choose({ resources: { cpuShares: 512 } })).toEqual({ kind: "domain", domain: "ns-shop" });
});

test("an app that is not unpacked is not shared", () => {
  expect(choose({}, { appKind: "rootfs" }).kind).toBe("pod");
});

test.each([
  [undefined, "namespace"],
  ["pod", "pod"],
  ["shared", "shared"],
  ["PODS", "namespace"],
])("a node that is set to %s", (value, mode) => {
  expect(nodeIsolation(value)).toBe(mode);
});

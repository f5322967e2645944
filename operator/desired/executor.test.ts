import { expect, test } from "vitest";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import { resolveExecutor } from "./executor.ts";

function executor(name: string, clusterDefault = false): SpinAppExecutor {
  return {
    metadata: { name },
    spec: { createDeployment: true, deploymentConfig: { runtimeClassName: name }, clusterDefault },
  };
}

test.each([
  { name: "a", own: ["a", "b"], shared: ["a"], from: "namespace", found: "a" },
  { name: "c", own: ["a"], shared: ["c"], from: "cluster", found: "c" },
  {
    name: "",
    own: ["cyclotron", "containerd-shim-spin"],
    shared: ["a"],
    from: "namespace",
    found: "containerd-shim-spin",
  },
  { name: "", own: [], shared: ["z", "y"], from: "cluster", found: "y" },
  { name: "", own: [], shared: [], from: "built-in", found: "containerd-shim-spin" },
  {
    name: "containerd-shim-spin",
    own: ["a"],
    shared: [],
    from: "built-in",
    found: "containerd-shim-spin",
  },
])(
  'executor "$name" among $own and $shared is $found ($from)',
  ({ name, own, shared, from, found }) => {
    const choice = {
      own: own.map((one) => executor(one)),
      shared: shared.map((one) => executor(one, true)),
    };
    expect(resolveExecutor(name, choice)).toMatchObject({ name: found, from });
  },
);

test("an executor of the operator's namespace counts only if it is marked", () => {
  const choice = { own: [executor("a")], shared: [executor("b")] };
  expect(() => resolveExecutor("b", choice)).toThrow(
    "SpinAppExecutor b does not exist in this namespace and is no cluster default: create it, or name one of: a, containerd-shim-spin",
  );
});

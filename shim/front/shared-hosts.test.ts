import { expect, test } from "vitest";
import { sharedCgroupPath } from "./shared-hosts.ts";

test.each([
  ["/kubepods/burstable/pod1/abc", "/kubepods/whorl-ns-shop-7"],
  ["kubepods-besteffort-pod1.slice:cri-containerd:abc", "/kubepods.slice/whorl-ns-shop-7"],
  ["/k8s.io/abc", "/k8s.io/whorl-ns-shop-7"],
])("beside the pods of %s", (path, expected) => {
  expect(sharedCgroupPath(path, "ns-shop", 7)).toBe(expected);
});

test("where containers have no cgroup, or no process was started", () => {
  expect(sharedCgroupPath(undefined, "ns-shop", 7)).toBeUndefined();
  expect(sharedCgroupPath("/k8s.io/abc", "ns-shop", undefined)).toBeUndefined();
});

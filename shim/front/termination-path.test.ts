import { expect, test } from "vitest";
import { terminationPath } from "./termination-path.ts";

function pathOf(source: string, annotations: readonly (readonly [string, string])[] = []): string {
  const named = new Map([["io.kubernetes.cri.container-name", "app"], ...annotations]);
  const mounts = [{ destination: "/run/last", type: "bind", source, options: [] }];
  return terminationPath({ annotations: named, mounts });
}

test.each([
  ["/var/lib/kubelet/pods/1-2/containers/app/0a1b2c3d", "/run/last"],
  ["/var/lib/kubelet/pods/1-2/containers/other/0a1b2c3d", "/dev/termination-log"],
  ["/var/lib/kubelet/pods/1-2/volumes/app/0a1b2c3d", "/dev/termination-log"],
  ["/containers/app/0a1b2c3", "/dev/termination-log"],
])("a file from %s: %s", (source, expected) => {
  expect(pathOf(source)).toBe(expected);
});

test("what kubelet says counts first", () => {
  const told = ["io.kubernetes.container.terminationMessagePath", "/said"] as const;
  expect(pathOf("/containers/app/0a1b2c3d", [told])).toBe("/said");
});

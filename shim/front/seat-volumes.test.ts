import { expect, test } from "vitest";
import type { SpecMount } from "./container-spec.ts";
import { seatVolumes } from "./seat-volumes.ts";

const at = { folder: "/pods/7", terminationPath: "/dev/termination-log" };

function mount(destination: string, source: string, ...options: readonly string[]): SpecMount {
  return { destination, source, type: "bind", options: ["rbind", ...options] };
}

/** Sources that end with a slash are folders. */
function placed(...mounts: readonly SpecMount[]): ReturnType<typeof seatVolumes> {
  return seatVolumes(mounts, at, (source) => source.endsWith("/"));
}

test("folders and single files are placed where no container has a say", () => {
  const { mounts, preopens, hidden } = placed(
    mount("/etc/config", "/node/config/", "ro"),
    mount("/data", "/node/data/"),
    mount("/settings/app.json", "/node/app.json", "ro"),
    mount("/loose", "/node/loose"),
  );
  expect(mounts).toEqual([
    { source: "/node/config/", target: "/pods/7/v0", isDirectory: true, isReadOnly: true },
    { source: "/node/data/", target: "/pods/7/v1", isDirectory: true, isReadOnly: false },
    {
      source: "/node/app.json",
      target: "/pods/7/v2/app.json",
      isDirectory: false,
      isReadOnly: true,
    },
  ]);
  expect(preopens).toEqual([
    { hostPath: "/pods/7/v0", guestPath: "/etc/config", writable: false },
    { hostPath: "/pods/7/v1", guestPath: "/data", writable: true },
    { hostPath: "/pods/7/v2", guestPath: "/settings", writable: false },
  ]);
  expect(hidden).toEqual(["/loose"]);
});

test("the pod's own files are for the runtime, read-only; the last one counts", () => {
  const { mounts, preopens, files } = placed(
    mount("/etc/hosts", "/node/old"),
    mount("/etc/hosts", "/node/hosts"),
    mount("/etc/resolv.conf", "/node/resolv"),
    mount("/etc/hostname", "/node/hostname"),
    mount("/dev/termination-log", "/node/log"),
  );
  expect(preopens).toEqual([]);
  expect(files).toEqual({
    hosts: "/pods/7/hosts",
    resolver: "/pods/7/resolv.conf",
    runtimeConfig: undefined,
  });
  expect(mounts.map(({ source, isReadOnly }) => [source, isReadOnly])).toEqual([
    ["/node/hosts", true],
    ["/node/resolv", true],
  ]);
});

test.each(["/a/..", "/a/../../7", "/.."])("%s leads nowhere else", (destination) => {
  for (const { target } of placed(mount(destination, "/node/file")).mounts) {
    expect(target).toMatch(/^\/pods\/7\/v\d+\/[^/]+$/);
  }
});

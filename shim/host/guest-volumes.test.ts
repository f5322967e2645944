import { expect, test } from "vitest";
import type { SpecMount } from "../front/container-spec.ts";
import { guestVolumes } from "./guest-volumes.ts";

function mount(destination: string, ...options: readonly string[]): SpecMount {
  return { destination, type: "bind", source: `/node${destination}`, options };
}

/** Names of files have a dot here. */
function isDirectory(source: string): boolean {
  return !source.includes(".");
}

test("directories are seen at their mount paths, writable unless declared otherwise", () => {
  const { preopens } = guestVolumes([mount("/data"), mount("/config", "rbind", "ro")], isDirectory);
  expect(preopens).toEqual([
    { hostPath: "/data", guestPath: "/data", writable: true },
    { hostPath: "/config", guestPath: "/config", writable: false },
  ]);
});

test("single files are seen in a directory that holds nothing else of the image", () => {
  const volumes = guestVolumes(
    [mount("/app/a.json", "ro"), mount("/app/b.json"), mount("/etc/c.json", "ro")],
    isDirectory,
  );
  expect(volumes.preopens).toEqual([
    { hostPath: "/.whorl/volumes/0", guestPath: "/app", writable: true },
    { hostPath: "/.whorl/volumes/1", guestPath: "/etc", writable: false },
  ]);
  expect(volumes.files.map(({ source, destination }) => `${source} ${destination}`)).toEqual([
    "/node/app/a.json /.whorl/volumes/0/a.json",
    "/node/app/b.json /.whorl/volumes/0/b.json",
    "/node/etc/c.json /.whorl/volumes/1/c.json",
  ]);
});

test("a file that lies in a volume is seen there", () => {
  const { preopens, files } = guestVolumes([mount("/data"), mount("/data/a.json")], isDirectory);
  expect(preopens).toHaveLength(1);
  expect(files).toEqual([]);
});

test.each(["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/runtime-config.toml"])(
  "%s is not for guests",
  (destination) => {
    expect(guestVolumes([mount(destination)], () => false)).toEqual({
      preopens: [],
      files: [],
      hidden: [],
    });
  },
);

test("a file in the root is hidden, and named", () => {
  expect(guestVolumes([mount("/a.json")], isDirectory)).toEqual({
    preopens: [],
    files: [],
    hidden: ["/a.json"],
  });
});

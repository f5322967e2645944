import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestFolder } from "../test-folder.ts";
import { isVolume, mountOptions, mountRoot } from "./container-root.ts";
import { mountFlags } from "./kernel.ts";

let folder: TestFolder;
let mounted: string[];

const kernel = {
  mount: ({ source, target, flags }: { source: string; target: string; flags: bigint }): void => {
    const readOnly = (flags & mountFlags.readOnly) === 0n ? "" : " read-only";
    mounted.push(`${source} -> ${target.replace(folder.path, "")}${readOnly}`);
  },
  enterNetwork: (): void => undefined,
  redirect: (): void => undefined,
  changeRoot: (): void => undefined,
  enterRoot: (): void => undefined,
  forbidNewPrivileges: (): void => undefined,
  filterCalls: (): void => undefined,
  allowOwnInspection: (): void => undefined,
  endWithParent: (): void => undefined,
  receiveDescriptors: (): undefined => undefined,
  bind: (): void => undefined,
};

beforeEach(() => {
  mounted = [];
  folder = new TestFolder({ "volume/file": "", "code/main.ts": "", "outside/secret": "" });
  mkdirSync(folder.file("rootfs"));
});

afterEach(() => folder[Symbol.dispose]());

function mount(destination: string, source: string, options: readonly string[] = []): void {
  const spec = {
    rootfsPath: folder.file("rootfs"),
    rootfs: [{ type: "overlay", source: "overlay", options: ["lowerdir=/l"] }],
    imagePath: undefined,
    isRootReadOnly: true,
    terminationPath: "/dev/termination-log",
    mounts: [{ destination, type: "bind", source: folder.file(source), options }],
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  };
  mountRoot(spec, folder.file("code"), kernel);
}

test("layers, temporary files, code, volumes, in this order; read-only as declared", () => {
  mount("/data/file", "volume/file", ["rbind", "ro"]);
  const code = folder.file("code");
  expect(mounted).toEqual([
    "overlay -> /rootfs",
    "tmpfs -> /rootfs/.whorl",
    "proc -> /rootfs/proc",
    `${code} -> /rootfs${code}`,
    `none -> /rootfs${code} read-only`,
    `${folder.file("volume/file")} -> /rootfs/data/file`,
    "none -> /rootfs/data/file read-only",
    `${folder.file("volume/file")} -> /rootfs/.whorl/volumes/0/file`,
    "none -> /rootfs/.whorl/volumes/0/file read-only",
    "none -> /rootfs read-only",
  ]);
});

test("a link of the image does not lead a volume out of it", () => {
  symlinkSync("../outside", folder.file("rootfs/data"));
  mount("/data/new", "volume");
  expect(existsSync(folder.file("outside/new"))).toBe(false);
  expect(mounted).toContain(`${folder.file("volume")} -> /rootfs/outside/new`);
});

test("a volume that is gone is named", () => {
  expect(() => mount("/data", "nothing")).toThrow("volume /data cannot be mounted");
});

test.each([
  ["/data", "bind", true],
  ["/etc/hosts", "bind", true],
  ["/dev/shm", "bind", false],
  ["/proc", "proc", false],
  ["/sys/fs/cgroup", "cgroup", false],
  ["/development", "bind", true],
])("%s of type %s: %s", (destination, type, expected) => {
  expect(isVolume({ destination, type, source: "", options: [] })).toBe(expected);
});

test("options become flags, the rest is the file system's", () => {
  expect(mountOptions("overlay", ["ro", "nodev", "lowerdir=/a:/b", "upperdir=/c"])).toEqual({
    flags: mountFlags.readOnly | mountFlags.noDev,
    data: "lowerdir=/a:/b,upperdir=/c",
  });
  expect(mountOptions("bind", ["rbind", "rw"])).toEqual({
    flags: mountFlags.bind | mountFlags.recursive,
    data: "",
  });
});

import { expect, test } from "vitest";
import { guestMounts } from "./guest-mounts.ts";

const volumes = [
  { hostPath: "/v0", guestPath: "/mnt/data", writable: true },
  { hostPath: "/v1", guestPath: "/mnt/keys", writable: false },
];

const ids = ["api", "admin"];

function wish(value: unknown): [string, string][] {
  return [["WHORL_GUEST_MOUNTS", JSON.stringify(value)]];
}

test("without a wish all volumes are where they are mounted", () => {
  expect(guestMounts(volumes, [["PATH", "/bin"]], ids)).toEqual(volumes);
});

test("a wish renames a volume and may take writing away, never give it", () => {
  const wishes = [
    { path: "/mnt/data", guest: "/data", readOnly: true },
    { path: "/mnt/keys", guest: "/keys", readOnly: false },
  ];
  expect(guestMounts(volumes, wish(wishes), ids)).toEqual([
    { hostPath: "/v0", guestPath: "/data", writable: false },
    { hostPath: "/v1", guestPath: "/keys", writable: false },
  ]);
});

test("one volume may be seen twice, the others stay", () => {
  const wishes = [
    { path: "/mnt/data", guest: "/a" },
    { path: "/mnt/data", guest: "/b", readOnly: true },
  ];
  expect(guestMounts(volumes, wish(wishes), ids)).toEqual([
    { hostPath: "/v0", guestPath: "/a", writable: true },
    { hostPath: "/v0", guestPath: "/b", writable: false },
    volumes[1],
  ]);
});

test("a wish may name who sees a volume, and the path with a stroke at its end", () => {
  const wishes = [{ path: "/mnt/data/", guest: "/data", components: ["admin"] }];
  expect(guestMounts(volumes, wish(wishes), ids)).toEqual([
    { hostPath: "/v0", guestPath: "/data", writable: true, components: ["admin"] },
    volumes[1],
  ]);
});

test.each([
  [{ path: "/mnt/none", guest: "/a" }, "no volume is mounted at /mnt/none"],
  [{ path: "/mnt/data", guest: "a" }, "is no list"],
  [{ guest: "/a" }, "is no list"],
  [null, "is no list"],
  [{ path: "/mnt/data", guest: "/a", components: ["x"] }, "the app has no component x"],
  [{ path: "/mnt/data", guest: "/a", components: "api" }, "is no list"],
])("%j is refused", (one, message) => {
  expect(() => guestMounts(volumes, wish([one]), ids)).toThrow(message);
});

test("text that is no JSON is refused", () => {
  expect(() => guestMounts(volumes, [["WHORL_GUEST_MOUNTS", "{"]], ids)).toThrow("is no list");
});

import { expect, test } from "vitest";
import { ShimError } from "../error.ts";
import { parseContainerdVersion } from "./containerd-version.ts";

test.each([
  ["v2.4.2", 2, 4],
  ["1.7.29+unknown", 1, 7],
  ["1.6.20~ds1", 1, 6],
  ["v2.2.1-k3s1", 2, 2],
])("%s", (text, major, minor) => {
  expect(parseContainerdVersion("containerd", text)).toEqual({ major, minor });
});

test.each([
  ["cri-o", "1.34.0", "runs cri-o"],
  ["containerd", "1.5.18", "update containerd"],
  ["containerd", "0.2.9", "update containerd"],
  ["containerd", "", "update containerd"],
  ["docker", "28.0", "runs docker"],
])("%s %s is refused", (name, text, reason) => {
  expect(() => parseContainerdVersion(name, text)).toThrow(ShimError);
  expect(() => parseContainerdVersion(name, text)).toThrow(reason);
});

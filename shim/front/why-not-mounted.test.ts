import { expect, test } from "vitest";
import type { SpecMount } from "./container-spec.ts";
import { whyNotMounted } from "./why-not-mounted.ts";

const plain: SpecMount = { destination: "/a", type: "bind", source: "/s", options: ["rbind"] };
const layers = { type: "overlay", source: "overlay", options: ["lowerdir=/l", "upperdir=/u"] };

test.each([
  ["nothing is mapped", [plain], layers, undefined],
  ["a volume is", [plain, { ...plain, destination: "/b", isMapped: true as const }], layers, "/b"],
  ["the root is", [], { ...layers, options: ["uidmap=0:65536:65536"] }, "its file system"],
])("%s", (_name, mounts, root, expected) => {
  const reason = whyNotMounted({ spec: { mounts }, rootfs: [root] });
  if (expected === undefined) expect(reason).toBeUndefined();
  else expect(reason).toContain(`${expected} is to be seen under other users`);
});

import { expect, test } from "vitest";
import { mountsOf } from "./mounts-of.ts";

const folder = { hostPath: "/v", guestPath: "/data", writable: true };

test.each([
  { name: "everybody's", components: undefined, isSeen: true },
  { name: "its own", components: ["api"], isSeen: true },
  { name: "one that it shares", components: ["admin", "api"], isSeen: true },
  { name: "another's", components: ["admin"], isSeen: false },
  { name: "nobody's", components: [], isSeen: false },
])("a component sees a mount that is $name: $isSeen", ({ components, isSeen }) => {
  const mount = { ...folder, ...(components && { components }) };
  expect(mountsOf("api", [mount])).toEqual(isSeen ? [mount] : []);
});

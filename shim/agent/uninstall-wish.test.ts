import { expect, test } from "vitest";
import { wishOf } from "./uninstall-wish.ts";

test.each([
  [{}, "install"],
  [{ metadata: {} }, "install"],
  [{ metadata: { annotations: { "whorl.dev/uninstall": "false" } } }, "install"],
  [{ metadata: { annotations: { "whorl.dev/uninstall": "true" } } }, "uninstall"],
  [{ metadata: { annotations: { "whorl.dev/uninstall": "force" } } }, "uninstall-forced"],
])("%j: %s", (object, wish) => {
  expect(wishOf(object)).toBe(wish);
});

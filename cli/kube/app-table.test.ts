import { expect, test } from "vitest";
import { appTable, appText, textTable } from "./app-table.ts";

const shop = {
  metadata: { name: "shop", namespace: "default" },
  spec: { image: "ghcr.io/me/shop:1.0", executor: "containerd-shim-spin", replicas: 2 },
  status: {
    readyReplicas: 1,
    conditions: [
      { type: "Available", status: "False", reason: "ImagePull", message: "no such image" },
      { type: "Progressing", status: "True", reason: "", message: "" },
    ],
  },
};

test("textTable aligns columns and leaves nothing at the ends of lines", () => {
  expect(
    textTable([
      ["A", "BBB"],
      ["aaa", "b"],
      ["", ""],
    ]),
  ).toBe("A     BBB\naaa   b\n\n");
});

test("appTable of no app has only titles", () => {
  expect(appTable([])).toBe("NAMESPACE   NAME   EXECUTOR   READY\n");
});

test("appTable counts ready pods, also where nobody said how many there are to be", () => {
  const bare = { metadata: { name: "bare", namespace: "x" }, status: { replicas: 3 } };
  const [, first, second] = appTable([shop, bare]).split("\n");
  expect(first).toBe("default     shop   containerd-shim-spin   1/2");
  expect(second).toBe("x           bare                          0/3");
});

test("appText lets nobody write to the terminal what he likes", () => {
  const conditions = [{ type: "Available", status: "False", message: "\u001b[2J\nNAME: x" }];
  const text = appText({ ...shop, status: { conditions } });
  expect(text).toMatch(/Available: False: \\u001b\[2J\\nNAME: x\n$/);
});

test("appText says what keeps an app from being ready", () => {
  const [, , , image, ...conditions] = appText(shop).trimEnd().split("\n");
  expect(image).toBe("Image: ghcr.io/me/shop:1.0");
  expect(conditions).toEqual(["Available: False (ImagePull): no such image", "Progressing: True"]);
});

import { expect, test } from "vitest";
import { conformanceOptions } from "./options.ts";

const image = ["--image", "registry.example/hello:1"];

test("what is not said has a default", () => {
  expect(conformanceOptions(image)).toMatchObject({
    ...{ executor: "containerd-shim-spin", report: ".", timeoutMs: 120_000, isGentle: false },
  });
  expect(conformanceOptions(["--help"])).toBeUndefined();
});

test.each([
  [[], /--image/],
  [["--image", ""], /--image/],
  [[...image, "--timeout", "soon"], /--timeout/],
  [[...image, "--timeout", "0"], /--timeout/],
  [[...image, "--force"], /--force/],
  [[...image, "more"], /more/],
])("%j is refused", (args, message) => {
  expect(() => conformanceOptions(args)).toThrow(message);
});

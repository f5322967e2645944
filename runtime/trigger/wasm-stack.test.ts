import { describe, expect, test } from "vitest";
import { wasmStack } from "./wasm-stack.ts";

function errorWith(...frames: string[]): Error {
  const error = new Error("unreachable");
  error.stack = ["RuntimeError: unreachable", ...frames].join("\n");
  return error;
}

describe("wasmStack", () => {
  test.each([
    ["    at wasm://wasm/2f1a:wasm-function[7]:0x12ab", "    at function 7 (0x12ab)"],
    ["    at main (wasm://wasm/2f1a:wasm-function[7]:0x12ab)", "    at main (0x12ab)"],
    [
      "    at app.wasm.core::panicking::panic::h0123456789abcdef (wasm://wasm/app.wasm-2f1a:wasm-function[7]:0x1)",
      "    at core::panicking::panic (0x1)",
    ],
    [
      "    at <T as core::any::Any>::type_id (wasm://wasm/2f1a:wasm-function[7]:0x1)",
      "    at <T as core::any::Any>::type_id (0x1)",
    ],
  ])("%s", (line, expected) => {
    expect(wasmStack(errorWith(line))).toEqual([expected]);
  });

  test("leaves the host's own frames out", () => {
    const host = "    at Instance.call (file:///x/instance.ts:1:2)";
    expect(wasmStack(errorWith(host))).toEqual([]);
  });

  test("shows the innermost of a deep stack", () => {
    const lines = Array.from(
      { length: 30 },
      (_, n) => `    at wasm://wasm/1:wasm-function[${n}]:0x1`,
    );
    const shown = wasmStack(errorWith(...lines));
    expect([shown.length, shown[0], shown.at(-1)]).toEqual([
      21,
      "    at function 0 (0x1)",
      "    and 10 more",
    ]);
  });

  test.each([undefined, "text", 1])("has nothing to say about %s", (value) => {
    expect(wasmStack(value)).toEqual([]);
  });

  test("reads the stack of a real trap", () => {
    // (module (func (export "f") unreachable))
    const bytes = new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1,
      3, 0, 0, 11,
    ]);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    try {
      (exports["f"] as () => void)();
      expect.unreachable();
    } catch (error) {
      expect(wasmStack(error)).toEqual([expect.stringMatching(/^ {4}at \S.* \(0x[0-9a-f]+\)$/)]);
    }
  });
});

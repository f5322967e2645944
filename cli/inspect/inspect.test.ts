import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "@bytecodealliance/jco";
import { afterAll, beforeAll, expect, test } from "vitest";
import { interfacesNamed } from "../../runtime/trigger/services/guest-service.ts";
import { createCaptureIo } from "../capture-io.ts";
import { inspect } from "./inspect.ts";

let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-inspect-"));
});

afterAll(() => rm(directory, { recursive: true }));

const interfaces = () =>
  Promise.resolve([
    { name: "test:host/things", version: "0.2.5", functions: { now: () => 0n } },
  ] as const);

async function file(wat: string): Promise<string> {
  const path = join(directory, "app.wasm");
  await writeFile(path, await parse(wat));
  return path;
}

async function run(wat: string, output: "text" | "json"): Promise<{ code: number; text: string }> {
  const io = createCaptureIo();
  const code = await inspect({ path: await file(wat), output }, { stdout: io.stdout, interfaces });
  return { code, text: io.written.stdout.replaceAll(directory, "DIR") };
}

const good = `(component
  (import "test:host/things@0.2.1" (instance $host
    (export "thing" (type (sub resource)))
    (export "now" (func (result u64))) (export "never-called" (func))))
  (core func $now (canon lower (func $host "now")))
  (core module $m
    (import "host" "now" (func $now (result i64)))
    (memory 2) (global (mut i32) (i32.const 0)) (data (i32.const 0) "abc")
    (func (export "run") (result i64) (drop (memory.grow (i32.const 1))) (call $now)))
  (core instance $i (instantiate $m (with "host" (instance (export "now" (func $now))))))
  (func $run (result u64) (canon lift (core func $i "run")))
  (instance $api (export "run" (func $run)))
  (export "my:app/api@1.0.0" (instance $api)))`;

test("a component that can be run, as text", async () => {
  const { code, text } = await run(good, "text");
  expect(code).toBe(0);
  expect(text).toMatch(/^DIR\/app\.wasm: component of \d+ bytes, 1 core instances\n/);
  expect(text.slice(text.indexOf("\n") + 1).replace(/\d+ bytes/g, "N bytes")).toBe(`
Exports:
  my:app/api@1.0.0
    run

Imports:
  test:host/things@0.2.1
    now

Core modules:
  0: N bytes, code N bytes in 1 functions, data N bytes, memory 131 kB, 1 mutable globals

Isolation:
  an instance of its own for each request, put back to its first state afterwards
  proved complete: 1 memories and 2 globals; no code changes other state
  instances can begin behind a warm-up (whorl up --warm), if it answers more than once

Interruption:
  it can be stopped at any time, and its memory is bounded
  1 of 1 core modules look for it in loops and recursion

Unsupported: none
`);
});

test("the same as one JSON object", async () => {
  const { code, text } = await run(good, "json");
  expect(code).toBe(0);
  expect(text.endsWith("}\n")).toBe(true);
  expect(JSON.parse(text)).toMatchObject({
    file: "DIR/app.wasm",
    format: { kind: "component" },
    imports: [
      {
        interface: "test:host/things@0.2.1",
        functions: [{ name: "now", isProvided: true }],
        resources: ["thing"],
      },
    ],
    exports: [
      { name: "my:app/api@1.0.0", kind: "instance", functions: [{ name: "run", isAsync: false }] },
    ],
    coreModules: [{ functions: 1, memoryPages: [2], mutableGlobals: 1 }],
    isolation: { kind: "reset", memories: 1, globals: 2 },
    unsupported: [],
  });
});

test("what keeps a component from being run is told with its reason", async () => {
  const { code, text } = await run(
    `(component
      (import "test:host/things@0.3.0" (instance $host (export "now" (func (result u64)))))
      (import "alone" (func $alone))
      (core func $now (canon lower (func $host "now")))
      (core func $alone' (canon lower (func $alone)))
      (core module $m (table 1 funcref)
        (func (drop (table.grow (ref.null func) (i32.const 1)))))
      (core instance (instantiate $m)))`,
    "text",
  );
  expect(code).toBe(1);
  expect(text).toContain("  test:host/things@0.3.0\n    now (not provided)\n");
  expect(text).toContain(
    "  a new instance for each request, which cannot be warmed up\n" +
      "  because core module 0 uses table.grow",
  );
  expect(text).toContain(
    "Unsupported:\n" +
      "  test:host/things@0.3.0#now: imported, and nothing here provides it\n" +
      "  alone: imported, and nothing here provides it\n",
  );
});

test("a core module that the engine refuses is told with the engine's words", async () => {
  const { code, text } = await run(
    "(component (core module $m (func (result i32) f32.const 0)) (core instance (instantiate $m)))",
    "text",
  );
  expect(code).toBe(1);
  expect(text).toMatch(/Unsupported:\n {2}core module 0: .*type error.*f32/);
  expect(text).toContain("because core module 0 is not valid");
});

test("a core module is looked into as the component that it becomes", async () => {
  const { text } = await run(
    `(module (memory (export "memory") 1) (func (export "_start")))`,
    "text",
  );
  expect(text).toMatch(/core module of \d+ bytes, a program of WASI preview 1; as a component/);
  expect(text).toMatch(/Exports:\n {2}wasi:cli\/run@0\.2\.\d+\n {4}run\n/);
});

test.each<readonly [string, () => Promise<string>, RegExp]>([
  ["a file that is missing", async () => join(directory, "none.wasm"), /cannot read .*none\.wasm/],
  ["a core module of unknown make", () => file("(module)"), /build it as a component/],
  [
    "a file of another kind",
    async () => {
      const path = join(directory, "text.wasm");
      await writeFile(path, "hello");
      return path;
    },
    /not .*WebAssembly|neither/i,
  ],
])("%s is refused", async (_name, path, message) => {
  const io = createCaptureIo();
  const inspected = inspect(
    { path: await path(), output: "text" },
    { stdout: io.stdout, interfaces },
  );
  await expect(inspected).rejects.toThrow(message);
});

test("a component that no limit would hold says so, and can be run", async () => {
  const { code, text } = await run(
    "(component (core module $m (memory 1 1 shared)) (core instance (instantiate $m)))",
    "text",
  );
  expect(code).toBe(0);
  expect(text).toContain(
    "Interruption:\n" +
      "  it cannot be stopped or held to limits, and is refused where those are asked for\n" +
      "  because a memory that is shared\n",
  );
});

// Their clients are loaded only where they are asked for: here as well.
test.each(["spin1", "spin2", "spin3", "spin4", "spin4sql", "spin4pg"])(
  "nothing of a component of %s's interfaces is unsupported",
  async (name) => {
    const io = createCaptureIo();
    const path = fileURLToPath(
      new URL(`../../wasm-apps/${name}-rust/${name}.wasm`, import.meta.url),
    );
    const code = await inspect(
      { path, output: "json" },
      { stdout: io.stdout, interfaces: interfacesNamed },
    );
    const { imports, unsupported } = JSON.parse(io.written.stdout) as Record<string, unknown[]>;
    expect(unsupported).toEqual([]);
    expect([code, imports?.length]).toEqual([0, expect.any(Number)]);
  },
);

import { componentEmbed } from "@bytecodealliance/jco";
import { expect, test } from "vitest";
import { encode } from "../component/test-wat.ts";
import { encodeCoreModule, jcoTools } from "./encode-core-module.ts";
import { prepareComponent } from "./prepare.ts";

const program = `(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 16)))))`;

test("a program becomes a component that exports wasi:cli/run", async () => {
  const { plan, reset } = await prepareComponent(await encode(program));
  expect([...plan.exports.keys()]).toEqual([expect.stringMatching(/^wasi:cli\/run@0\.2\./)]);
  const imported = plan.imports.map(({ interfaceName }) => interfaceName);
  expect(imported).toContainEqual(expect.stringMatching(/^wasi:cli\/stdout@0\.2\./));
  // The adapter grows the memory that it imports.
  expect(reset.kind).toBe("proved");
});

test("a module with the world of a current wit-bindgen becomes a component of that world", async () => {
  const module = await componentEmbed({
    binary: await encode(`(module
      (import "my:app/host" "ask" (func $ask (result i32)))
      (memory (export "memory") 1)
      (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "my:app/api#answer") (result i32) (call $ask)))`),
    witSource: `package my:app;
      interface host { ask: func() -> u32; }
      interface api { answer: func() -> u32; }
      world app { import host; export api; }`,
    world: "app",
    metadata: [["processed-by", [["wit-bindgen-rust", "0.40.0"]]]],
  });
  const { plan } = await prepareComponent(new Uint8Array(module));
  expect([...plan.exports.keys()]).toEqual(["my:app/api"]);
  expect(plan.imports).toMatchObject([{ interfaceName: "my:app/host", name: "ask" }]);
});

/** As wit-bindgen 0.2 and the linkers of its time made them: constructors in every export. */
const spin1 = `(module
  (import "spin-config" "get-config" (func $config (param i32 i32 i32)))
  (import "wasi-outbound-http" "request"
    (func $request (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 4096))
  (func $constructors (drop (call $environ (i32.const 0) (i32.const 4))))
  (func $destructors)
  (func (export "canonical_abi_realloc") (param i32 i32 i32 i32) (result i32)
    (call $constructors)
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get 3)))
    (call $destructors))
  (func (export "canonical_abi_free") (param i32 i32 i32)
    (call $constructors) (call $destructors))
  (func (export "handle-http-request")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (call $constructors)
    (i32.store16 (i32.const 64) (i32.const 203))
    (i32.const 64)))`;

test("a module of Spin 1 becomes a component of the interfaces of that time", async () => {
  const { plan } = await prepareComponent(await encode(spin1));
  expect([...plan.exports.keys()]).toEqual(["fermyon:spin/inbound-http"]);
  const spin = plan.imports.filter(({ interfaceName }) => interfaceName?.startsWith("fermyon:"));
  expect(spin.map(({ interfaceName, name }) => `${interfaceName}#${name}`)).toEqual([
    "fermyon:spin/config#get-config",
    "fermyon:spin/http#send-request",
  ]);
});

test.each<readonly [string, string, RegExp]>([
  ["neither world nor entry point", "(module)", /nor one of handle-http-request/],
  [
    "an import that Spin 1 did not have",
    `(module (import "wasi-parallel" "run" (func)) (func (export "handle-http-request")))`,
    /imports wasi-parallel run/,
  ],
  [
    "an entry point of another shape",
    `(module (memory (export "memory") 1) (func (export "handle-http-request")))`,
    /cannot be made a component: /,
  ],
  [
    "an import that no adapter has",
    `(module (import "wasi_snapshot_preview1" "fly" (func)) (memory (export "memory") 1)
      (func (export "_start")))`,
    /cannot be made a component: .*fly/s,
  ],
  [
    "a program with imports of another kind",
    `(module (import "env" "f" (func)) (memory (export "memory") 1) (func (export "_start")))`,
    /cannot be made a component: .*env/s,
  ],
])("%s is refused", async (_name, wat, message) => {
  const encoded = encodeCoreModule(await encode(wat), await jcoTools());
  await expect(encoded).rejects.toThrow(message);
});

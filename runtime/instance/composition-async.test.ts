import { expect, test } from "vitest";
import type { CompositionPart } from "../component/compose.ts";
import { encode } from "../component/test-wat.ts";
import { prepareComponent } from "../prepare/prepare.ts";
import { Instance } from "./instance.ts";
import { Linker } from "./linker.ts";
import { guestText, memoryOption } from "./test-async.ts";

const handler = "wasi:http/handler@0.3.0";

/** Exports a handler that gives one more than what `imported` answers, without blocking for it. */
function layer(imported: string): string {
  return guestText({
    definitions: `(import "${imported}" (instance $host
      (export "handle" (func async (param "x" u32) (result u32)))))
      (alias export $host "handle" (func $next))`,
    builtins: [
      ["next", `lower (func $next) async ${memoryOption}`, "(param i32 i32) (result i32)"],
      ["return", "task.return (result u32)", "(param i32)"],
      ["set", "waitable-set.new", "(result i32)"],
      ["drop-set", "waitable-set.drop", "(param i32)"],
      ["join", "waitable.join", "(param i32 i32)"],
      ["drop", "subtask.drop", "(param i32)"],
      ["get", "context.get i32 0", "(result i32)"],
      ["put", "context.set i32 0", "(param i32)"],
    ],
    core: `
      (global $free (mut i32) (i32.const 64))
      (func $answer (call $return (i32.add (i32.load (call $get)) (i32.const 1))))
      (func (export "run") (param $x i32) (result i32) (local $at i32) (local $status i32) (local $set i32)
        (local.set $at (global.get $free))
        (global.set $free (i32.add (local.get $at) (i32.const 8)))
        (call $put (local.get $at))
        (local.set $status (call $next (local.get $x) (local.get $at)))
        (if (result i32) (i32.eq (local.get $status) (i32.const 2))
          (then (call $answer) (i32.const 0))
          (else
            (local.set $set (call $set))
            (i32.store offset=4 (local.get $at) (local.get $set))
            (call $join (i32.shr_u (local.get $status) (i32.const 4)) (local.get $set))
            (i32.or (i32.const 2) (i32.shl (local.get $set) (i32.const 4))))))
      (func (export "callback") (param i32) (param $index i32) (param i32) (result i32)
        (call $drop (local.get $index))
        (call $drop-set (i32.load offset=4 (call $get)))
        (call $answer)
        (i32.const 0))`,
    exports: `
      (func $run async (param "x" u32) (result u32) (canon lift (core func $core "run")
        async (callback (core func $core "callback"))))
      (instance $api (export "handle" (func $run)))
      (export "${handler}" (instance $api))`,
  });
}

test("asynchronous calls pass through middleware and overtake each other", async () => {
  const [primary, middle] = await Promise.all([
    encode(layer("test:host/host")),
    encode(layer(handler)),
  ]);
  const part = (bytes: Uint8Array<ArrayBuffer>): CompositionPart => ({
    name: "part",
    bytes,
    inherit: "all",
    dependencies: [],
  });
  const prepared = await prepareComponent({
    component: part(primary),
    middleware: [part(middle), part(middle)],
  });
  const slow = Promise.withResolvers<number>();
  const host = {
    name: "test:host/host",
    version: undefined,
    functions: { handle: (_context: undefined, x: number) => (x === 0 ? slow.promise : x) },
    suspending: new Set<string>(),
    resources: {},
  };
  const instance = new Instance(new Linker<undefined>([host]).link(prepared), undefined);
  instance.resume(undefined);
  const exported = prepared.plan.exports.get(handler);
  const handle = exported?.kind === "instance" ? exported.exports.get("handle") : undefined;
  if (handle?.kind !== "func" || handle.function.kind !== "lift") throw new Error("no handler");
  const call = instance.lifted(handle.function);
  const first = call(0) as Promise<number>;
  expect(await (call(10) as Promise<number>)).toBe(13);
  slow.resolve(100);
  expect(await first).toBe(103);
});

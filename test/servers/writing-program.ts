import { parse } from "@bytecodealliance/jco";

/**
 * A program (core module of WASI preview 1) that writes `content` into a file of the first
 * directory that it is given; its exit status is 0 or the number of the error.
 */
export async function writingProgram(name: string, content: string): Promise<Uint8Array> {
  return parse(`(module
  (type $open (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (type $open)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "${name}")
  (data (i32.const 512) "${content}")
  (func (export "_start") (local $error i32)
    ;; Directory 3, create and truncate, permitted to write.
    (local.set $error (call $open (i32.const 3) (i32.const 0)
      (i32.const 64) (i32.const ${name.length}) (i32.const 9)
      (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 0)))
    (if (local.get $error) (then (call $exit (local.get $error))))
    (i32.store (i32.const 8) (i32.const 512))
    (i32.store (i32.const 12) (i32.const ${content.length}))
    (call $exit (call $write (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 16)))))
`);
}

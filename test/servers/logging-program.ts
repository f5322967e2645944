import { parse } from "@bytecodealliance/jco";

/**
 * A program (core module of WASI preview 1) that writes `text`, of printable ASCII and WAT's
 * escapes (`\n`, `\1b`), to stderr so many times, or without end, and then an empty CGI response.
 */
export async function loggingProgram(text: string, times: number): Promise<Uint8Array> {
  const bytes = text.replaceAll(/\\(?:n|[0-9a-f]{2})/g, "x").length;
  const response = "content-type: text/plain\\n\\n";
  return parse(`(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "${response}")
  (data (i32.const 128) "${text}")
  (func $print (param $fd i32) (param $at i32) (param $size i32)
    (i32.store (i32.const 8) (local.get $at))
    (i32.store (i32.const 12) (local.get $size))
    (drop (call $write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 16))))
  (func (export "_start") (local $left f64)
    (local.set $left (f64.const ${times === Infinity ? "inf" : times}))
    (loop $again
      (call $print (i32.const 2) (i32.const 128) (i32.const ${bytes}))
      (local.set $left (f64.sub (local.get $left) (f64.const 1)))
      (br_if $again (f64.gt (local.get $left) (f64.const 0))))
    (call $print (i32.const 1) (i32.const 64) (i32.const 26))))
`);
}

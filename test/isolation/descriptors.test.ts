/** Files that a program leaves open, looked for by 10,000 later runs of it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encode } from "../../runtime/component/test-wat.ts";
import { InstancePool } from "../../runtime/instance/instance-pool.ts";
import { Linker } from "../../runtime/instance/linker.ts";
import { prepareComponent } from "../../runtime/prepare/prepare.ts";
import { findExport } from "../../runtime/trigger/component-exports.ts";
import { commandExport } from "../../runtime/trigger/event/command-trigger.ts";
import { wasiInterfaces } from "../../runtime/wasi/all-interfaces.ts";
import type { WasiContext } from "../../runtime/wasi/context.ts";
import { BufferOutputStream } from "../../runtime/wasi/io/memory-streams.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { closedContext } from "./guest-app.ts";
import { Scarcity } from "./scarcity.ts";

const requests = 10_000;
const concurrency = 8;

/**
 * A program of preview 1, whose descriptors are numbers in its adapter's memory: 3 is the folder
 * that it is given, 4 would be a file that somebody before it has left open. It prints the first
 * bytes of its own file and leaves it open in the middle.
 */
const program = `(module
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "name")
  (func $check (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
  (func (export "_start")
    (call $check (i32.eq (call $stat (i32.const 4) (i32.const 64)) (i32.const 8)))
    (call $check (i32.eqz (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32))))
    (call $check (i32.eq (i32.load (i32.const 32)) (i32.const 4)))
    (i32.store (i32.const 40) (i32.const 128))
    (i32.store (i32.const 44) (i32.const 6))
    (call $check (i32.eqz (call $read (i32.const 4) (i32.const 40) (i32.const 1) (i32.const 48))))
    (call $check (i32.eqz (call $write (i32.const 1) (i32.const 40) (i32.const 1) (i32.const 48))))))`;

const openDescriptors = (): number => readdirSync("/proc/self/fd").length;

test("a file that is left open is nobody else's", { timeout: 60_000 }, async () => {
  const owners = Array.from({ length: concurrency }, (_, index) => `owner${index}`);
  using folder = new TemporaryFolder(
    Object.fromEntries(owners.map((owner) => [`${owner}/name`, `${owner} and more`])),
  );
  const prepared = await prepareComponent(await encode(program));
  expect(prepared.reset.kind).toBe("proved");
  const linked = new Linker<WasiContext>(wasiInterfaces).link(prepared);
  using pool = new InstancePool(linked);
  const { function: run } = findExport(prepared.plan, commandExport);
  const scarcity = new Scarcity(pool);
  const before = openDescriptors();
  for (let request = 0; request < requests; request += concurrency) {
    const runs = owners.map((owner) => {
      const stdout = new BufferOutputStream();
      return { stdout, lease: pool.take(contextOf(join(folder.path, owner), stdout)) };
    });
    await Promise.all(runs.map(({ lease }) => lease.instance.lifted(run)() as unknown));
    const printed = runs.map(({ stdout }) => Buffer.from(stdout.bytes()).toString());
    expect(printed).toEqual(owners);
    for (const { lease } of runs) {
      lease[Symbol.dispose]();
      scarcity.request();
    }
  }
  // Each run has left one open; the host has closed it.
  expect(openDescriptors() - before).toBeLessThan(concurrency);
});

function contextOf(hostPath: string, stdout: BufferOutputStream): WasiContext {
  const { cli } = closedContext();
  return closedContext({
    cli: { ...cli, stdout: () => stdout },
    filesystem: { preopens: [{ hostPath, guestPath: "/", writable: false }] },
  });
}

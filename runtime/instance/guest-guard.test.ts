import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CoreFunction } from "../abi/compile.ts";
import { encode } from "../component/test-wat.ts";
import { writeCoreSections } from "../prepare/core-sections.ts";
import {
  hostModuleName,
  interruptName,
  makeInterruptible,
} from "../prepare/interruptible-module.ts";
import { readModuleFacts } from "../prepare/module-facts.ts";
import { GuestGuard } from "./guest-guard.ts";
import { Watchdog } from "./watchdog.ts";

let watchdog: Watchdog;
beforeEach(() => void (watchdog = new Watchdog({ cpuMsMax: 60 })));
afterEach(() => watchdog[Symbol.dispose]());

const failures: Error[] = [];
const instance = { fail: (error: Error) => void failures.push(error) };
afterEach(() => void (failures.length = 0));

async function guest(fields: string): Promise<Record<string, CoreFunction>> {
  const facts = readModuleFacts(await encode(`(module ${fields})`));
  const { sections } = makeInterruptible(facts, facts.sections);
  const module = new WebAssembly.Module(writeCoreSections(sections));
  const host = { [hostModuleName]: { [interruptName]: watchdog.memory } };
  return new WebAssembly.Instance(module, host).exports as Record<string, CoreFunction>;
}

const spin = `(func (export "spin") (loop br 0))`;
const add = `(func (export "add") (param i32) (result i32) (loop (br_if 0 (i32.const 0)))
  (i32.add (local.get 0) (i32.const 1)))`;

test("a guest that does not let go is stopped, again and again, and nobody else", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const exports = await guest(spin + add);
  for (let round = 0; round < 3; round++) {
    expect(() => guard.call(instance, exports["spin"] as CoreFunction, [])).toThrow(
      expect.objectContaining({
        code: "limit",
        message: expect.stringMatching(/^the guest used more than 60 ms of CPU time without/),
        stack: expect.stringContaining("wasm-function"),
      }),
    );
    expect(guard.call(instance, exports["add"] as CoreFunction, [round])).toBe(round + 1);
  }
  expect(watchdog.stops).toBe(3);
});

test("guests that are stopped after they had waited reject", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const { spin: run } = await guest(spin);
  const late = async (): Promise<void> => {
    await setImmediate();
    run?.();
  };
  await expect(guard.call(instance, late, [])).rejects.toMatchObject({ code: "limit" });
});

test("a guest that lets go now and then may use more", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const { add: step } = await guest(add);
  const spinMs = (ms: number): void => {
    const { user, system } = process.threadCpuUsage();
    for (let used = 0; used < ms * 1000;) {
      step?.(1);
      const now = process.threadCpuUsage();
      used = now.user + now.system - user - system;
    }
  };
  const work = async (): Promise<string> => {
    for (let part = 0; part < 6; part++) {
      spinMs(25);
      await setImmediate();
    }
    return "done";
  };
  expect(await guard.call(instance, work, [])).toBe("done");
  expect(watchdog.stops).toBe(0);
});

test.each([
  ["of code that is not watched", `(func (export "run") unreachable)`, "unreachable"],
  ["that is a host's", `(import "h" "h" (func $h)) (func (export "run") call $h)`, "no such thing"],
])("a failure %s stays what it is", async (_name, fields, message) => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const bytes = await encode(`(module ${fields})`);
  const h = (): never => {
    throw new Error("no such thing");
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { h: { h } });
  expect(() => guard.call(instance, exports["run"] as CoreFunction, [])).toThrow(message);
});

test("recursion without end is told as such", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: Infinity });
  const { run } = await guest(`(func $run (export "run") (result i32)
    (i32.add (i32.const 1) (call $run)))`);
  expect(() => guard.call(instance, run as CoreFunction, [])).toThrow(
    expect.objectContaining({ code: "trap", message: expect.stringContaining("its stack") }),
  );
});

test("a call that waits too long ends, and its instance with it", async () => {
  const guard = new GuestGuard({ watchdog, callMsMax: 20 });
  const never = (): Promise<never> => new Promise(() => undefined);
  await expect(guard.call(instance, never, [])).rejects.toMatchObject({
    code: "limit",
    message: expect.stringMatching(/^the guest took longer than 20 ms/),
  });
  expect(failures).toHaveLength(1);
});

test("without a watchdog calls go through", async () => {
  const guard = new GuestGuard({ callMsMax: Infinity });
  expect(guard.call(instance, (value: unknown) => value, [4])).toBe(4);
  await expect(guard.call(instance, async () => 5, [])).resolves.toBe(5);
});

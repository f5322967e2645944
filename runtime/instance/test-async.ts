import { encode } from "../component/test-wat.ts";
import type { LiftedFunction } from "../component/plan.ts";
import type { ExportCall } from "../abi/calls.ts";
import { prepareComponent } from "../prepare/prepare.ts";
import type { HostFunction } from "./host-interface.ts";
import { Instance } from "./instance.ts";
import { Linker } from "./linker.ts";

/** One instance of a component under test, whose host functions belong to `test:host/host`. */
export interface AsyncGuest {
  readonly instance: Instance<undefined>;
  start(name: string, ...args: readonly unknown[]): ExportCall;
  call(name: string, ...args: readonly unknown[]): Promise<unknown>;
}

export async function asyncGuest(
  wat: string,
  functions: Readonly<Record<string, HostFunction<undefined>>> = {},
  suspending: readonly string[] = [],
): Promise<AsyncGuest> {
  const prepared = await prepareComponent(await encode(wat));
  const linker = new Linker<undefined>([
    {
      name: "test:host/host",
      version: undefined,
      functions,
      suspending: new Set(suspending),
      resources: {},
    },
  ]);
  const instance = new Instance(linker.link(prepared), undefined);
  instance.resume(undefined);
  const lifted = (name: string): LiftedFunction => {
    const found = prepared.plan.exports.get(name);
    if (found?.kind === "func" && found.function.kind === "lift") return found.function;
    throw new Error(`the component does not export a function ${name}`);
  };
  return {
    instance,
    start: (name, ...args) => instance.start(lifted(name), args),
    call: async (name, ...args) => (await instance.lifted(lifted(name))(...args)) as unknown,
  };
}

/** A built-in as tests write it: name in core code, canonical definition, core type. */
type Builtin = readonly [name: string, canon: string, type: string];

/** What a guest under test consists of. */
export interface GuestText {
  /** Component-level definitions before the core module: imports, types. */
  readonly definitions?: string;
  readonly builtins: readonly Builtin[];
  /** Functions of the core module, which has the memory `mem` of `$memory`. */
  readonly core: string;
  /** Component-level exports; the core instance is `$core`. */
  readonly exports: string;
}

export const memoryOption = '(memory (core memory $memory "mem"))';

/** Component text with one core module and the built-ins that it imports. */
export function guestText({ definitions = "", builtins, core, exports }: GuestText): string {
  const canons = builtins.map(([name, canon]) => `(core func $${name} (canon ${canon}))`);
  const imports = builtins.map(([name, , type]) => `(import "" "${name}" (func $${name} ${type}))`);
  const given = builtins.map(([name]) => `(export "${name}" (func $${name}))`);
  return `(component
    ${definitions}
    (core module $Memory (memory (export "mem") 1)
      (global $free (mut i32) (i32.const 1024))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
        (global.get $free)
        (global.set $free (i32.add (global.get $free) (local.get 3)))))
    (core instance $memory (instantiate $Memory))
    ${canons.join("\n")}
    (core module $Core
      (import "" "mem" (memory 1))
      ${imports.join("\n")}
      ${core})
    (core instance $core (instantiate $Core (with "" (instance
      (export "mem" (memory $memory "mem"))
      ${given.join("\n")}))))
    ${exports})`;
}

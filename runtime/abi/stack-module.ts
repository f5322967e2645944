import type { CoreFuncType } from "../component/types.ts";
import { code, codes, name, s33, u32, valueTypeCodes } from "./core-encoding.ts";
import type { CoreFunction } from "./core-function.ts";
import { call, CoreModuleWriter, localGet } from "./core-module-writer.ts";
import { type StackCall, Thread } from "./thread.ts";

/**
 * A small core module around the guest's, for components that block on their stack. V8 suspends a
 * stack at every call of a `WebAssembly.Suspending` import, even when there is nothing to wait for,
 * and tells the result of a `WebAssembly.promising` export only in a microtask. So:
 *
 * - each import that may block is wrapped: it asks JavaScript first and suspends only when told to;
 * - each guest function is called through a runner that reports its result before it returns.
 *
 * ```
 * import "t" N: try          wrapper N: call try; if global then { global = 0; call wait }
 * import "s" N: wait (suspending)
 * import "d" K: done         runner K (token, function, arguments): done(token, call_ref function)
 * ```
 */
export interface StackModule {
  readonly module: WebAssembly.Module;
  /** By number of the runner: one for each signature. */
  readonly signatures: readonly CoreFuncType[];
  /** By number of the wrapper. */
  readonly wrapped: readonly CoreFuncType[];
}

/** The module's instance in one instance of the component. */
export class Stacks {
  /** By number of the wrapper: what the guest imports. */
  readonly wrappers: readonly CoreFunction[];
  /** By number of the runner. */
  readonly runners: readonly CoreFunction[];
  readonly #flag: { value: number };
  #wait: Promise<unknown> | undefined;

  constructor(source: StackModule, tries: (wrapper: number) => CoreFunction) {
    const wait = new WebAssembly.Suspending(() => {
      const promise = this.#wait;
      this.#wait = undefined;
      return promise;
    });
    const t: Record<string, unknown> = {};
    const s: Record<string, unknown> = {};
    for (const index of source.wrapped.keys()) {
      t[index] = tries(index);
      s[index] = wait;
    }
    const d: Record<string, unknown> = {};
    for (const index of source.signatures.keys()) d[index] = finishCall;
    const { exports } = new WebAssembly.Instance(source.module, { t, s, d });
    this.wrappers = source.wrapped.map((_, index) => exports[`w${index}`] as CoreFunction);
    this.runners = source.signatures.map((_, index) =>
      WebAssembly.promising(exports[`r${index}`] as CoreFunction),
    );
    this.#flag = exports["b"] as { value: number };
  }

  /** Called by a `try` that has to wait, before it returns whatever its type asks for. */
  wait(promise: Promise<unknown>): void {
    this.#wait = promise;
    this.#flag.value = 1;
  }
}

function finishCall(call: StackCall, value: unknown): void {
  Thread.finish(call, value);
}

/** Compiles the module: `wrapped` are the imports that may block, `signatures` what is called. */
export function makeStackModule(
  wrapped: readonly CoreFuncType[],
  signatures: readonly CoreFuncType[],
): StackModule {
  const module = new WebAssembly.Module(encode(wrapped, signatures));
  return { module, signatures, wrapped };
}

function encode(
  wrapped: readonly CoreFuncType[],
  signatures: readonly CoreFuncType[],
): Uint8Array<ArrayBuffer> {
  const writer = new CoreModuleWriter();
  const callees = signatures.map((type) => writer.coreType(type));
  const wrappers = wrapped.map((type) => writer.coreType(type));
  const tries = wrapped.map((_, index) => writer.import("t", String(index), wrappers[index] ?? 0));
  const waits = wrapped.map(({ results }, index) =>
    writer.import("s", String(index), writer.type([], codes(results))),
  );
  const externref = [valueTypeCodes.externref];
  const dones = signatures.map(({ results }, index) =>
    writer.import("d", String(index), writer.type([externref, ...codes(results)], [])),
  );
  for (const [index, type] of wrapped.entries()) {
    const body = wrapperBody(type, tries[index] ?? 0, waits[index] ?? 0);
    writer.define(`w${index}`, wrappers[index] ?? 0, body);
  }
  for (const [index, { params }] of signatures.entries()) {
    const callee = callees[index] ?? 0;
    const reference = [code.refNull, ...s33(callee)];
    const type = writer.type([externref, reference, ...codes(params)], []);
    writer.define(`r${index}`, type, runnerBody(params.length, callee, dones[index] ?? 0));
  }
  return writer.bytes({
    // One mutable i32, 0 at first.
    globals: [[valueTypeCodes.i32, 1, code.i32Const, 0, code.end]],
    exports: [[...name("b"), 3, 0]],
  });
}

/** The result of `try`, if any, stays on the operand stack while the flag is looked at. */
function wrapperBody({ params }: CoreFuncType, tried: number, waited: number): number[] {
  return [
    0, // no locals
    ...params.flatMap((_, index) => localGet(index)),
    ...call(tried),
    ...[code.globalGet, 0, code.if, code.emptyBlock],
    ...[code.i32Const, 0, code.globalSet, 0, ...call(waited), code.return],
    ...[code.end, code.end],
  ];
}

function runnerBody(params: number, callee: number, done: number): number[] {
  return [
    0,
    ...localGet(0),
    ...Array.from({ length: params }, (_, index) => localGet(index + 2)).flat(),
    ...[...localGet(1), code.callRef, ...u32(callee)],
    ...[...call(done), code.end],
  ];
}

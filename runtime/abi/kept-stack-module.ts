import type { CoreFuncType, CoreValueType } from "../component/types.ts";
import { code, codes, s33, u32, valueTypeCodes } from "./core-encoding.ts";
import type { CoreFunction } from "./core-function.ts";
import { call, CoreModuleWriter, localGet } from "./core-module-writer.ts";

/** What the module asks for; the first argument is always the stack that it was started with. */
export interface KeptStackImports {
  readonly callee: (stack: never) => CoreFunction | undefined;
  readonly argument: (index: number) => (stack: never) => unknown;
  readonly done: (stack: never, value: unknown) => void;
  /** Whether to go on, 1 or 0; a Promise of it suspends the stack. */
  readonly next: (stack: never) => number | Promise<number>;
}

/**
 * Functions that keep the stack that they are called on (kept-stacks.ts), by number of the
 * signature, each to be called with what stands for its stack:
 *
 * ```
 * (func (export "K") (param $stack externref)
 *   (loop
 *     (done stack (call_ref (argument stack)... (callee stack)))
 *     (br_if 0 (next stack))))
 * ```
 */
export function keptStackRunners(
  signatures: readonly CoreFuncType[],
  imports: KeptStackImports,
): CoreFunction[] {
  const given: Record<string, unknown> = { next: new WebAssembly.Suspending(imports.next) };
  for (const index of signatures.keys()) {
    given[`callee ${index}`] = imports.callee;
    given[`done ${index}`] = imports.done;
  }
  for (const { index, type } of allArguments(signatures)) {
    given[`${type} ${index}`] = imports.argument(index);
  }
  const module = new WebAssembly.Module(encode(signatures));
  const { exports } = new WebAssembly.Instance(module, { "": given });
  return signatures.map((_, index) => WebAssembly.promising(exports[index] as CoreFunction));
}

interface Argument {
  readonly index: number;
  readonly type: CoreValueType;
}

/** Each once. */
function allArguments(signatures: readonly CoreFuncType[]): Argument[] {
  const all = new Map<string, Argument>();
  for (const { params } of signatures) {
    for (const [index, type] of params.entries()) all.set(`${type} ${index}`, { index, type });
  }
  return [...all.values()];
}

const stack = [valueTypeCodes.externref];

function encode(signatures: readonly CoreFuncType[]): Uint8Array<ArrayBuffer> {
  const writer = new CoreModuleWriter();
  const callees = signatures.map((type) => writer.coreType(type));
  const next = writer.import("", "next", writer.type([stack], codes(["i32"])));
  const argument = new Map<string, number>();
  for (const { index, type } of allArguments(signatures)) {
    const field = `${type} ${index}`;
    argument.set(field, writer.import("", field, writer.type([stack], codes([type]))));
  }
  const runners = signatures.map(({ params, results }, index) => {
    const reference = [code.refNull, ...s33(callees[index] ?? 0)];
    return {
      type: callees[index] ?? 0,
      args: params.map((type, at) => argument.get(`${type} ${at}`) ?? 0),
      callee: writer.import("", `callee ${index}`, writer.type([stack], [reference])),
      done: writer.import("", `done ${index}`, writer.type([stack, ...codes(results)], [])),
      next,
    };
  });
  const type = writer.type([stack], []);
  for (const [index, runner] of runners.entries()) {
    writer.define(String(index), type, runnerBody(runner));
  }
  return writer.bytes();
}

/** The functions that a runner calls, and the type of what it runs. */
interface Runner {
  readonly type: number;
  readonly args: readonly number[];
  readonly callee: number;
  readonly done: number;
  readonly next: number;
}

function runnerBody({ type, args, callee, done, next }: Runner): number[] {
  const withStack = (index: number): number[] => [...localGet(0), ...call(index)];
  return [
    0, // no locals
    ...[code.loop, code.emptyBlock],
    // Below the result, for `done`.
    ...localGet(0),
    ...args.flatMap(withStack),
    ...withStack(callee),
    ...[code.callRef, ...u32(type)],
    ...call(done),
    ...withStack(next),
    ...[code.brIf, 0, code.end, code.end],
  ];
}

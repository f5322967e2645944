import type { CanonicalOptions } from "../component/plan.ts";
import type { FuncType, ValueType } from "../component/types.ts";
import { emitLiftFlat, emitLowerFlat, FlatCursor } from "./emit-flat.ts";
import { emitLoad, type LoadEnvironment } from "./emit-load.ts";
import { emitStore } from "./emit-store.ts";
import { Emitter } from "./emitter.ts";
import { alignTo, type FlatFunction, flatten, flatParamsMax, layoutOf } from "./layout.ts";
import type { Slots } from "./slots.ts";

/** Emits the conversions of whole parameter lists and results, for all kinds of calls. */
export class Conversions {
  readonly slots: Slots;
  readonly constants: unknown[];
  /** Where a thread is current while code runs: realloc must not see the state of another one. */
  readonly #isAsync: boolean;

  constructor(slots: Slots, constants: unknown[], isAsync: boolean) {
    this.slots = slots;
    this.constants = constants;
    this.#isAsync = isAsync;
  }

  emitter(): Emitter {
    return new Emitter(this.constants);
  }

  /** Environment shared by all code of one function; opens a block. */
  prologue(instance: number, options: CanonicalOptions): string[] {
    const memory = options.memory === undefined ? -1 : this.slots.memory(options.memory);
    const realloc = options.realloc === undefined ? -1 : this.slots.function(options.realloc);
    // Looked up at each call: the core instance that exports it is made after this code is bound.
    const call = this.#isAsync
      ? `Q.reallocate(i, F[${realloc}], a, b, c, d)`
      : `F[${realloc}](a, b, c, d)`;
    return [
      `{ const i = S[${instance}], h = i.handles${memory < 0 ? "" : `, m = M[${memory}]`};`,
      realloc < 0 ? "" : `const r = (a, b, c, d) => ${call};`,
    ];
  }

  /** Expressions for the arguments of a lowered function, from its core parameters `p0`, ... */
  liftParams(
    emitter: Emitter,
    type: FuncType,
    flat: FlatFunction,
    options: CanonicalOptions,
  ): string[] {
    const env = { emitter, encoding: options.stringEncoding };
    const types = type.params.map((param) => param.type);
    if (flat.paramsSpilled) {
      const { size, align } = layoutOf({ kind: "tuple", items: types });
      const pointer = emitter.hold("p0 >>> 0");
      emitter.line(`m.check(${pointer}, ${size}, ${align});`);
      return loadTuple(env, types, pointer);
    }
    const cursor = new FlatCursor(
      flat.params.map((core, index) => ({ core, expression: `p${index}` })),
    );
    return types.map((param) => emitLiftFlat(env, param, cursor));
  }

  /** Lines that lower `x` as the result of an import call; `out` is where, if in memory. */
  lowerResult(type: FuncType, flat: FlatFunction, options: CanonicalOptions): string[] {
    if (type.result === undefined) return [];
    const emitter = this.emitter();
    const env = { emitter, encoding: options.stringEncoding };
    if (flat.resultSpilled) {
      const { size, align } = layoutOf(type.result);
      emitter.line("out >>>= 0;");
      emitter.line(`m.check(out, ${size}, ${align});`);
      emitStore(env, type.result, "x", { base: "out", offset: 0 });
      return emitter.lines;
    }
    const [value] = emitLowerFlat(env, type.result, "x");
    emitter.line(`return ${value?.expression ?? "undefined"};`);
    return emitter.lines;
  }

  /** Expressions for the core arguments of a lifted function, from its arguments `a0`, ... */
  lowerParams(
    emitter: Emitter,
    type: FuncType,
    flat: FlatFunction,
    options: CanonicalOptions,
  ): string[] {
    const env = { emitter, encoding: options.stringEncoding };
    if (!flat.paramsSpilled) {
      return type.params.flatMap((param, index) =>
        emitLowerFlat(env, param.type, `a${index}`).map((value) => value.expression),
      );
    }
    const types = type.params.map((param) => param.type);
    const { size, align } = layoutOf({ kind: "tuple", items: types });
    const pointer = emitter.hold(`m.allocate(${size}, ${align}, r)`);
    emitter.line("v = m.view();");
    let offset = 0;
    for (const [index, param] of types.entries()) {
      const layout = layoutOf(param);
      offset = alignTo(offset, layout.align);
      emitStore(env, param, `a${index}`, { base: pointer, offset });
      offset += layout.size;
    }
    return [pointer];
  }

  /** Expression for the result of a synchronous lift, from its core result `x`. */
  liftResult(
    emitter: Emitter,
    result: ValueType,
    flat: FlatFunction,
    options: CanonicalOptions,
  ): string {
    const env = { emitter, encoding: options.stringEncoding };
    if (!flat.resultSpilled) {
      const values = flat.results.map((core) => ({ core, expression: "x" }));
      return emitLiftFlat(env, result, new FlatCursor(values));
    }
    return loadAt(env, result, "x");
  }

  /** Expression for the result that task.return gets in its core parameters `p0`, ... */
  liftReturned(emitter: Emitter, result: ValueType, options: CanonicalOptions): string {
    const env = { emitter, encoding: options.stringEncoding };
    const flat = flatten(result);
    if (flat.length > flatParamsMax) return loadAt(env, result, "p0");
    const values = flat.map((core, index) => ({ core, expression: `p${index}` }));
    return emitLiftFlat(env, result, new FlatCursor(values));
  }
}

function loadAt(env: LoadEnvironment, type: ValueType, expression: string): string {
  const { size, align } = layoutOf(type);
  const pointer = env.emitter.hold(`${expression} >>> 0`);
  env.emitter.line(`m.check(${pointer}, ${size}, ${align});`);
  return emitLoad(env, type, pointer, 0);
}

function loadTuple(env: LoadEnvironment, types: readonly ValueType[], pointer: string): string[] {
  let offset = 0;
  return types.map((type) => {
    const layout = layoutOf(type);
    offset = alignTo(offset, layout.align);
    const value = emitLoad(env, type, pointer, offset);
    offset += layout.size;
    return value;
  });
}

/** `p0, p1, ...`. */
export function parameterNames(count: number, prefix = "p"): string[] {
  return Array.from({ length: count }, (_, position) => `${prefix}${position}`);
}

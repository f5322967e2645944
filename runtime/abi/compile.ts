import type { CanonicalOptions, LiftedFunction, Plan, Trampoline } from "../component/plan.ts";
import type { FuncType, ValueType } from "../component/types.ts";
import type { ComponentState } from "./component-state.ts";
import { Emitter } from "./emitter.ts";
import { emitLiftFlat, emitLowerFlat, FlatCursor } from "./emit-flat.ts";
import { emitLoad } from "./emit-load.ts";
import { emitStore } from "./emit-store.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { alignTo, type FlatFunction, flattenFunction, layoutOf } from "./layout.ts";
import { Slots } from "./slots.ts";
import { type ResourceOperations, support } from "./support.ts";

/** The host's side of one lowered import. */
export interface HostBinding {
  // oxlint-disable-next-line typescript/no-explicit-any -- called with values of the WIT signature
  readonly call: (context: any, ...values: any[]) => unknown;
  /** The result may be a Promise; the guest is suspended until it settles. */
  readonly suspends: boolean;
}

/** One instance as generated code sees it. Arrays are indexed by {@link Slots}. */
export interface AbiInstance {
  readonly memories: readonly GuestMemory[];
  readonly functions: readonly CoreFunction[];
  /** The same functions, suspendable; filled only for lifted functions of suspending plans. */
  readonly promising: readonly CoreFunction[];
  readonly states: readonly ComponentState[];
  readonly resources: ResourceOperations;
  /** Holds what host functions get first. */
  readonly host: { readonly context: unknown };
}

// oxlint-disable-next-line typescript/no-explicit-any -- a WebAssembly export: types are in the plan
export type CoreFunction = (...values: any[]) => any;

export interface BoundAbi {
  /** By index of Plan.trampolines. */
  readonly trampolines: readonly CoreFunction[];
  /** By {@link Slots.lift}: take and return host values; Promises where the plan suspends. */
  readonly lifted: readonly CoreFunction[];
}

export interface CompiledAbi {
  readonly slots: Slots;
  /** Whether guest calls may be suspended: lifted functions then return Promises. */
  readonly suspends: boolean;
  /** By trampoline index: must be wrapped in WebAssembly.Suspending. */
  readonly suspending: readonly boolean[];
  bind(instance: AbiInstance): BoundAbi;
}

/**
 * Generates the canonical ABI functions of a plan, once: afterwards no type is looked at. `hosts`
 * is indexed by Plan.imports and has an entry for each function that is lowered.
 *
 * Everything is one function body, so that an instance costs one call and its closures; V8
 * compiles each inner function when it is first called.
 */
export function compileAbi(plan: Plan, hosts: readonly (HostBinding | undefined)[]): CompiledAbi {
  const slots = Slots.of(plan);
  const suspends = plan.trampolines.some((trampoline) => isSuspendingHost(trampoline, hosts));
  const suspending = plan.trampolines.map(
    (trampoline) =>
      isSuspendingHost(trampoline, hosts) ||
      (suspends && trampoline.kind === "lower" && trampoline.function.kind === "lift"),
  );
  const constants: unknown[] = [];
  const compiler = new AbiCompiler(slots, suspends, constants);
  const lifted = slots.lifted.map((item, index) => compiler.lifted(item, index));
  const trampolines = plan.trampolines.map((item, index) =>
    compiler.trampoline(item, index, suspending[index] === true),
  );
  const source = [
    '"use strict";',
    "return (X) => {",
    "const W = X.host, S = X.states, M = X.memories, F = X.functions, P = X.promising,",
    "O = X.resources, L = [], T = [];",
    ...lifted,
    ...trampolines,
    "return { trampolines: T, lifted: L };",
    "};",
  ].join("\n");
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- specialised per signature; names enter only quoted (emitter.ts)
  const make = new Function("$", "K", "H", source);
  const bind = make(
    support,
    constants,
    hosts.map((host) => host?.call),
  ) as (instance: AbiInstance) => BoundAbi;
  return { slots, suspends, suspending, bind };
}

function isSuspendingHost(
  trampoline: Trampoline,
  hosts: readonly (HostBinding | undefined)[],
): boolean {
  if (trampoline.kind !== "lower" || trampoline.function.kind !== "import") return false;
  return hosts[trampoline.function.import]?.suspends === true;
}

class AbiCompiler {
  readonly #slots: Slots;
  readonly #suspends: boolean;
  readonly #constants: unknown[];

  constructor(slots: Slots, suspends: boolean, constants: unknown[]) {
    this.#slots = slots;
    this.#suspends = suspends;
    this.#constants = constants;
  }

  trampoline(trampoline: Trampoline, index: number, suspending: boolean): string {
    const { instance } = trampoline;
    const head = `{ const i = S[${instance}], h = i.handles; T[${index}] = `;
    switch (trampoline.kind) {
      case "lower":
        return this.#lower(trampoline, index, suspending);
      case "resource.new":
        return `${head}(p0) => h.addOwn(${trampoline.resource}, p0); }`;
      case "resource.rep":
        return `${head}(p0) => h.get(p0 >>> 0, ${trampoline.resource}).representation; }`;
      case "resource.drop":
        return (
          `${head}(p0) => { try { i.checkMayLeave(); ` +
          `O.drop(h, p0 >>> 0, ${trampoline.resource}); } catch (e) { throw i.fail(e); } }; }`
        );
      case "builtin": {
        const name = JSON.stringify(trampoline.name);
        return `${head}() => { throw i.fail($.unsupported(${name})); }; }`;
      }
    }
  }

  /** Environment shared by all code of one function. */
  #prologue(instance: number, options: CanonicalOptions): string[] {
    const memory = options.memory === undefined ? -1 : this.#slots.memory(options.memory);
    const realloc = options.realloc === undefined ? -1 : this.#slots.function(options.realloc);
    return [
      `{ const i = S[${instance}], h = i.handles${memory < 0 ? "" : `, m = M[${memory}]`};`,
      // Looked up at each call: the core instance that exports it is made after this code is bound.
      realloc < 0 ? "" : `const r = (a, b, c, d) => F[${realloc}](a, b, c, d);`,
    ];
  }

  #lower(
    trampoline: Extract<Trampoline, { kind: "lower" }>,
    index: number,
    suspending: boolean,
  ): string {
    const { options, function: callee } = trampoline;
    const flat = flattenFunction(callee.type, "lower");
    const names = flat.params.map((_, position) => `p${position}`);
    const emitter = new Emitter(this.#constants);
    const hasMemory = options.memory !== undefined;
    const call =
      callee.kind === "import" ? `H[${callee.import}]` : `L[${this.#slots.lift(callee)}]`;
    const values = this.#liftParams(emitter, callee.type, flat, options);
    const args = callee.kind === "import" ? ["W.context", ...values] : values;
    const finish = this.#lowerResult(callee.type, flat, options);
    const finishArgs = ["x", ...(flat.resultSpilled ? [names.at(-1) ?? ""] : [])].join(", ");
    return [
      ...this.#prologue(trampoline.instance, options),
      `const finish = (x${flat.resultSpilled ? ", out" : ""}) => {`,
      "try {",
      ...(hasMemory ? ["let v = m.view();"] : []),
      ...finish,
      "} catch (e) { throw i.fail(e); } };",
      `T[${index}] = (${names.join(", ")}) => { let x; try {`,
      "i.checkMayLeave();",
      ...(hasMemory ? ["let v = m.view();"] : []),
      ...emitter.lines,
      `x = ${call}(${args.join(", ")});`,
      "} catch (e) { throw i.fail(e); }",
      ...(suspending
        ? [
            `if (x instanceof Promise) return x.then((x) => finish(${finishArgs}), ` +
              "(e) => { throw i.fail(e); });",
          ]
        : []),
      `return finish(${finishArgs}); }; }`,
    ].join("\n");
  }

  #liftParams(
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

  /** Lines that lower `x` as the result of an import call. */
  #lowerResult(type: FuncType, flat: FlatFunction, options: CanonicalOptions): string[] {
    if (type.result === undefined) return [];
    const emitter = new Emitter(this.#constants);
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

  lifted(lifted: LiftedFunction, index: number): string {
    const { type, options } = lifted;
    const flat = flattenFunction(type, "lift");
    const emitter = new Emitter(this.#constants);
    const args = this.#lowerParams(emitter, type, flat, options);
    const core = this.#slots.function(lifted.core);
    const names = type.params.map((_, position) => `a${position}`);
    const view = options.memory === undefined ? [] : ["let v = m.view();"];
    const finish = this.#liftResult(type, flat, options);
    return [
      ...this.#prologue(lifted.instance, options),
      "const finish = (x, s) => { try {",
      ...view,
      ...finish,
      "} catch (e) { throw i.fail(e); } };",
      `L[${index}] = (${names.join(", ")}) => { i.enter(); let x; const s = { borrows: 0 }; try {`,
      ...view,
      "i.mayLeave = false;",
      ...emitter.lines,
      "i.mayLeave = true;",
      `x = ${this.#suspends ? "P" : "F"}[${core}](${args.join(", ")});`,
      "} catch (e) { throw i.fail(e); }",
      this.#suspends
        ? "return x.then((x) => finish(x, s), (e) => { throw i.fail(e); }); }; }"
        : "return finish(x, s); }; }",
    ].join("\n");
  }

  #lowerParams(
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

  /** Lines that lift the core result `x` of an export call, then run post-return. */
  #liftResult(type: FuncType, flat: FlatFunction, options: CanonicalOptions): string[] {
    const emitter = new Emitter(this.#constants);
    const env = { emitter, encoding: options.stringEncoding };
    let value = "undefined";
    if (type.result !== undefined) {
      value = emitter.hold(this.#resultExpression(env, type.result, flat));
    }
    if (options.postReturn !== undefined) {
      const postReturn = this.#slots.function(options.postReturn);
      emitter.line("i.mayLeave = false;");
      emitter.line(`F[${postReturn}](${flat.results.length === 0 ? "" : "x"});`);
      emitter.line("i.mayLeave = true;");
    }
    emitter.line(
      'if (s.borrows !== 0) i.trap("borrow handles still remain at the end of the call");',
    );
    emitter.line("i.leave();");
    emitter.line(`return ${value};`);
    return emitter.lines;
  }

  #resultExpression(
    env: { readonly emitter: Emitter; readonly encoding: CanonicalOptions["stringEncoding"] },
    result: ValueType,
    flat: FlatFunction,
  ): string {
    if (!flat.resultSpilled) {
      const values = flat.results.map((core) => ({ core, expression: "x" }));
      return emitLiftFlat(env, result, new FlatCursor(values));
    }
    const { size, align } = layoutOf(result);
    const pointer = env.emitter.hold("x >>> 0");
    env.emitter.line(`m.check(${pointer}, ${size}, ${align});`);
    return emitLoad(env, result, pointer, 0);
  }
}

function loadTuple(
  env: { readonly emitter: Emitter; readonly encoding: CanonicalOptions["stringEncoding"] },
  types: readonly ValueType[],
  pointer: string,
): string[] {
  let offset = 0;
  return types.map((type) => {
    const layout = layoutOf(type);
    offset = alignTo(offset, layout.align);
    const value = emitLoad(env, type, pointer, offset);
    offset += layout.size;
    return value;
  });
}

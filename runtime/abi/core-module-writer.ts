import type { CoreFuncType } from "../component/types.ts";
import {
  code,
  codes,
  coreModule,
  functionExport,
  functionImport,
  funcType,
  u32,
} from "./core-encoding.ts";

interface DefinedFunction {
  readonly type: number;
  /** Its locals and code. */
  readonly body: readonly number[];
  readonly exportedAs: string;
}

/** A core module as it is put together: first the imports, then the functions that call them. */
export class CoreModuleWriter {
  readonly #types: number[][] = [];
  readonly #imports: number[][] = [];
  readonly #functions: DefinedFunction[] = [];

  /** Adds a type, whether or not there is one like it; returns its index. */
  type(params: readonly (readonly number[])[], results: readonly (readonly number[])[]): number {
    return this.#types.push(funcType(params, results)) - 1;
  }

  /** As {@link type}. */
  coreType({ params, results }: CoreFuncType): number {
    return this.type(codes(params), codes(results));
  }

  /** Imports a function of a type; returns its index. All imports come before all functions. */
  import(module: string, field: string, type: number): number {
    return this.#imports.push(functionImport(module, field, type)) - 1;
  }

  /** Defines a function that is exported. */
  define(exportedAs: string, type: number, body: readonly number[]): void {
    this.#functions.push({ exportedAs, type, body });
  }

  /** The module, with what else it has. */
  bytes(
    more: { readonly globals?: readonly number[][]; readonly exports?: readonly number[][] } = {},
  ): Uint8Array<ArrayBuffer> {
    const functions = this.#functions;
    return coreModule({
      types: this.#types,
      imports: this.#imports,
      functions: functions.map(({ type }) => type),
      ...(more.globals !== undefined && { globals: more.globals }),
      exports: [
        ...functions.map(({ exportedAs }, at) =>
          functionExport(exportedAs, this.#imports.length + at),
        ),
        ...(more.exports ?? []),
      ],
      bodies: functions.map(({ body }) => [...body]),
    });
  }
}

/** Calls a function. */
export function call(index: number): number[] {
  return [code.call, ...u32(index)];
}

/** Puts a parameter, or a local, on the operand stack. */
export function localGet(index: number): number[] {
  return [code.localGet, ...u32(index)];
}

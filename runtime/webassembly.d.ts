/**
 * The part of the WebAssembly JavaScript interface that the engine uses, with JavaScript Promise
 * Integration; TypeScript declares it only in its browser library.
 */
declare namespace WebAssembly {
  type ImportExportKind = "function" | "global" | "memory" | "table" | "tag";

  interface ModuleImportDescriptor {
    readonly module: string;
    readonly name: string;
    readonly kind: ImportExportKind;
  }

  interface ModuleExportDescriptor {
    readonly name: string;
    readonly kind: ImportExportKind;
  }

  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
    static imports(module: Module): ModuleImportDescriptor[];
    static exports(module: Module): ModuleExportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }

  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }

  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }

  /** An import that may return a Promise: the calling WebAssembly stack is suspended. */
  class Suspending {
    constructor(call: (...values: never[]) => unknown);
  }

  /** The export with its result as a Promise; needed for its imports to be able to suspend. */
  function promising(
    call: (...values: never[]) => unknown,
  ): (...values: unknown[]) => Promise<unknown>;

  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}
}

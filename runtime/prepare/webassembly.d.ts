/** What preparing needs of the WebAssembly JavaScript interface, beside runtime/webassembly.d.ts. */
declare namespace WebAssembly {
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;

  class Global {
    constructor(descriptor: { value: string; mutable?: boolean }, value?: unknown);
    value: unknown;
  }
}

const framesMax = 20;

/** V8: `at NAME (wasm://wasm/MODULE:wasm-function[INDEX]:0xOFFSET)`, or the place alone. */
const frame = /^\s*at (?:(.*) \()?wasm:\/\/wasm\/(.*):wasm-function\[(\d+)\]:(0x[0-9a-f]+)\)?$/;

/** What Rust adds to a name to tell its generic variants apart. */
const rustHash = /::h[0-9a-f]{16}$/;

/**
 * The WebAssembly frames of an error's stack as indented lines, innermost first: function name
 * (where the binary has names), module, offset in the binary.
 */
export function wasmStack(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames = stack.split("\n").flatMap((line) => {
    const match = frame.exec(line);
    if (match === null) return [];
    const [, named, module = "", index, offset] = match;
    return [`    at ${functionName(named, module) ?? `function ${index}`} (${offset})`];
  });
  const shown = frames.slice(0, framesMax);
  if (frames.length > framesMax) shown.push(`    and ${frames.length - framesMax} more`);
  return shown;
}

/** V8 puts the name of the module in front of that of the function. */
function functionName(named: string | undefined, module: string): string | undefined {
  if (named === undefined) return undefined;
  const moduleName = module.replace(/-[0-9a-f]+$/, "");
  const name = named.startsWith(`${moduleName}.`) ? named.slice(moduleName.length + 1) : named;
  return name.replace(rustHash, "");
}

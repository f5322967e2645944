import { setFlagsFromString } from "node:v8";
import { moduleRefusal } from "../component/module-refusal.ts";

/** Whose V8 is known to have the flag: others would complain of it on the terminal. */
const hasFlag = process.versions.node.startsWith("26.");

/**
 * Why V8 refuses a core module; undefined for a valid one. Any thread may have called
 * {@link validateWhenCalled}: for the reason functions have to be looked at, all threads' meanwhile.
 */
export function invalidity(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  if (WebAssembly.validate(bytes)) return undefined;
  setLazy(false);
  try {
    return moduleRefusal(bytes);
  } finally {
    setLazy(true);
  }
}

/**
 * Tells V8 to validate each function when it is first called. It would validate megabytes of them in
 * every process and for every rewrite, when they have been found valid once ({@link invalidity}). For
 * all threads of the process.
 */
export function validateWhenCalled(): void {
  if (isAsked) return;
  isAsked = true;
  setLazy(true);
}

let isAsked = false;

function setLazy(isLazy: boolean): void {
  if (!hasFlag) return;
  setFlagsFromString(isLazy ? "--wasm-lazy-validation" : "--no-wasm-lazy-validation");
}

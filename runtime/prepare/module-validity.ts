import { setFlagsFromString } from "node:v8";
import { errorText } from "../error.ts";

/** Whose V8 is known to have the flag: others would complain of it on the terminal. */
const nodeWithFlag = /^26\./;
let isLazy = false;

/** Why V8 refuses a core module; undefined for a valid one. */
export function invalidity(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  if (WebAssembly.validate(bytes)) return undefined;
  // Asked once more, for the reason: other threads validate more than they need meanwhile.
  if (isLazy) setLazy(false);
  try {
    // oxlint-disable-next-line no-new -- only for its errors
    new WebAssembly.Module(bytes);
    return "it is not valid";
  } catch (error) {
    return errorText(error);
  } finally {
    if (isLazy) setLazy(true);
  }
}

/**
 * Tells V8 to validate each function when it is first called. It would validate megabytes of them in
 * every process and for every rewrite, when they have been found valid once ({@link invalidity}). For
 * all threads of the process.
 */
export function validateWhenCalled(): void {
  if (isLazy || !nodeWithFlag.test(process.versions.node)) return;
  isLazy = true;
  setLazy(true);
}

function setLazy(isLazyNow: boolean): void {
  setFlagsFromString(isLazyNow ? "--wasm-lazy-validation" : "--no-wasm-lazy-validation");
}

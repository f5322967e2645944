import { errorText } from "../error.ts";

/** Why the engine refuses a core module; undefined for a valid one. */
export function moduleRefusal(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  if (WebAssembly.validate(bytes)) return undefined;
  try {
    // oxlint-disable-next-line no-new -- only for its errors
    new WebAssembly.Module(bytes);
    // The engine may be one that looks at functions when they are called.
    return "a function of it is not valid";
  } catch (error) {
    return errorText(error);
  }
}

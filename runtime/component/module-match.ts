import type { CoreExternType, CoreModuleType } from "./core-types.ts";
import type { LinkContext } from "./link-context.ts";
import { matchesCoreType } from "./type-match.ts";

/**
 * Checks that a core module fits a module type: it may import less and export more. Throws
 * `invalid`; `path` names the module in messages.
 */
export function checkModule(
  context: LinkContext,
  given: CoreModuleType,
  wanted: CoreModuleType,
  path: string,
): void {
  context.step(given.imports.length + wanted.imports.length + wanted.exports.size);
  const promised = new Map<string, CoreExternType>();
  for (const { module, name, type } of wanted.imports) promised.set(importKey(module, name), type);
  for (const { module, name, type } of given.imports) {
    const promise = promised.get(importKey(module, name));
    if (promise === undefined || !matchesCoreType(promise, type)) {
      context.fail(`${path} imports ${importKey(module, name)} other than declared`);
    }
  }
  for (const [name, type] of wanted.exports) {
    const found = given.exports.get(name);
    if (found === undefined || !matchesCoreType(found, type)) {
      context.fail(`${path} exports ${JSON.stringify(name)} other than declared`);
    }
  }
}

function importKey(module: string, name: string): string {
  return `${JSON.stringify(module)} ${JSON.stringify(name)}`;
}

import { guests } from "./all-cases.ts";
import type { InterfaceCase } from "./interface-case.ts";
import { witFiles } from "./wit-functions.ts";

/** A case of an error that the functions of an interface can answer with. */
export interface WitError {
  readonly interfaceName: string;
  /** As in WIT: `access-denied`. */
  readonly errorCase: string;
}

/** Every case of every error of the interfaces, from their WIT files. */
export function witErrors(): WitError[] {
  const declared = new Map<string, string[]>();
  const users: { readonly interfaceName: string; readonly from: string }[] = [];
  for (const text of witFiles(guests)) {
    const [, name = "", version = ""] = /^package ([\w:-]+)(@\S+)?;/m.exec(text) ?? [];
    for (const [, label = "", body = ""] of text.matchAll(/^interface ([\w-]+) \{(.*?)^\}/gms)) {
      const interfaceName = `${name}/${label}${version}`;
      declared.set(interfaceName, casesIn(body));
      if (!/func\(/.test(body)) continue;
      users.push({ interfaceName, from: interfaceName });
      for (const [, used = "", names = ""] of body.matchAll(/use ([\w-]+)\.\{([^}]*)\}/g)) {
        if (!/error/.test(names)) continue;
        users.push({ interfaceName, from: `${name}/${used}${version}` });
      }
    }
  }
  return users.flatMap(({ interfaceName, from }) =>
    (declared.get(from) ?? []).map((errorCase) => ({ interfaceName, errorCase })),
  );
}

/** Those of `variant error { ... }` and the like; `query-error` only says more about another. */
function casesIn(body: string): string[] {
  return [...body.matchAll(/(?:variant|enum) (?:[a-z]+-)?error \{([^}]*)\}/g)]
    .filter(([whole]) => !whole.includes("query-error"))
    .flatMap(([, cases = ""]) => cases.split(","))
    .map((text) => text.trim().replace(/\(.*/, ""))
    .filter((text) => text !== "");
}

/** Those that no case expects. */
export function errorsWithoutCase(cases: readonly InterfaceCase[]): WitError[] {
  const shown = new Set(
    cases.flatMap(({ interfaceName, expected }) =>
      tagsOf(expected).map((tag) => `${interfaceName} ${tag}`),
    ),
  );
  return witErrors().filter(
    ({ interfaceName, errorCase }) => !shown.has(`${interfaceName} ${guestTag(errorCase)}`),
  );
}

/** As the guests write it: `AccessDenied`. */
function guestTag(errorCase: string): string {
  return errorCase.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The case of an expected error. */
function tagsOf(expected: unknown): string[] {
  if (typeof expected !== "object" || expected === null || !("Err" in expected)) return [];
  const { Err: error } = expected;
  if (typeof error === "string") return [error];
  if (typeof error !== "object" || error === null || "asymmetricMatch" in error) return [];
  return Object.keys(error);
}

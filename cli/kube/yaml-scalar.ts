import { parse } from "yaml";

/**
 * A string as a YAML scalar on one line: as it is where every reader takes it for that string,
 * else in double quotes. Readers of YAML 1.1 (Kubernetes) and 1.2 are meant.
 */
export function yamlScalar(text: string): string {
  return isPlainString(text) ? text : quoted(text);
}

/** A resource quantity: as {@link yamlScalar}, but `1` and `0.5` may be numbers. */
export function yamlQuantity(text: string): string {
  return /^\d+(\.\d+)?$/.test(text) ? text : yamlScalar(text);
}

/** Digits that no reader can mistake for a number, date or time: `100m`, `128Mi`, `v1.2`. */
const quantity = /^\d+(\.\d+)?([numkMGTPE]|[KMGTPE]i)$/;

/** Integers of any base, floats, base 60, dates: what some reader resolves. */
const numberLike = /^[-+.]?\d[\w.,:+-]*$/;

function isPlainString(text: string): boolean {
  if (!/^[\w./$(-][\x20-\x7e]*$/.test(text) || text !== text.trim()) return false;
  if (/^[yn]$/i.test(text)) return false;
  if (numberLike.test(text) && !quantity.test(text)) return false;
  return readsAs(text, "1.1") && readsAs(text, "1.2");
}

function readsAs(text: string, version: "1.1" | "1.2"): boolean {
  try {
    const [value] = parse(`- ${text}\n`, { version, logLevel: "silent" }) as unknown[];
    return value === text;
  } catch {
    return false;
  }
}

/** JSON's quoting is YAML's, but for three line breaks that JSON leaves as they are. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u0085\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

import type { HeaderList } from "./exchange.ts";

type Raw = readonly (Buffer | string)[] | Readonly<Record<string, string | string[] | undefined>>;

/**
 * Header lines as undici has them, in the order of the wire: alternating names and values for
 * HTTP/1.1, an object for HTTP/2 (whose pseudo-fields are left out). Text is latin1.
 */
export function headerList(raw: Raw | null | undefined): HeaderList {
  if (raw === null || raw === undefined) return [];
  return isPairs(raw) ? fromPairs(raw) : fromRecord(raw);
}

function isPairs(raw: Raw): raw is readonly (Buffer | string)[] {
  return Array.isArray(raw);
}

function fromPairs(raw: readonly (Buffer | string)[]): HeaderList {
  const list: [string, Uint8Array][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    const text = typeof name === "string" ? name : name.toString("latin1");
    list.push([text.toLowerCase(), bytes(raw[index + 1] ?? "")]);
  }
  return list;
}

function fromRecord(raw: Readonly<Record<string, string | string[] | undefined>>): HeaderList {
  const list: [string, Uint8Array][] = [];
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined || name.startsWith(":")) continue;
    for (const text of Array.isArray(value) ? value : [value]) {
      list.push([name.toLowerCase(), bytes(text)]);
    }
  }
  return list;
}

function bytes(value: Buffer | string): Uint8Array {
  return typeof value === "string" ? Buffer.from(value, "latin1") : value;
}

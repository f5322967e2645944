import { InvalidArgumentError } from "commander";

/**
 * Adds the values of one flag to those before: `a,b`, where a comma within double quotes is part
 * of its value.
 */
export function addListed(text: string, previous: readonly string[] = []): string[] {
  return [...previous, ...splitListed(text)];
}

/** Adds `name=value` of one flag to those before; also `a=1,b=2`, as Spin's flags allow. */
export function addPairs(
  text: string,
  previous: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const pairs = new Map(previous);
  const isOnePair = text.split("=").length === 2;
  for (const part of isOnePair ? [text] : splitListed(text)) {
    const equals = part.indexOf("=");
    if (equals < 1) throw new InvalidArgumentError("Write NAME=VALUE.");
    pairs.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return pairs;
}

/** A whole number, also below zero. */
export function parseWhole(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidArgumentError("Write a whole number.");
  return Number(text);
}

function splitListed(text: string): string[] {
  const parts = text.match(/(?:"(?:[^"]|"")*"|[^,"])+|(?<=,|^)(?=,|$)/g) ?? [text];
  return parts.map((part) =>
    part.startsWith('"') && part.endsWith('"') && part.length > 1
      ? part.slice(1, -1).replaceAll('""', '"')
      : part,
  );
}

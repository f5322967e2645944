import { WhorlError } from "../../error.ts";

/** One value of Prometheus' text form. */
export interface ExposedValue {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?$/;
const label = /\s*([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;

/**
 * Reads what a `/metrics` endpoint answers (text format 0.0.4). Throws WhorlError `listen` where it
 * is something else.
 */
export function readExposition(text: string): ExposedValue[] {
  const values: ExposedValue[] = [];
  for (const each of text.split("\n")) {
    const trimmed = each.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [, name = "", labels = "", value = ""] = line.exec(trimmed) ?? refuse(trimmed);
    values.push({ name, labels: readLabels(labels), value: readNumber(value) });
  }
  return values;
}

function readLabels(text: string): Map<string, string> {
  const labels = new Map<string, string>();
  label.lastIndex = 0;
  while (label.lastIndex < text.length) {
    const [, name = "", value = ""] = label.exec(text) ?? refuse(text);
    labels.set(
      name,
      value.replaceAll(/\\(.)/g, (_, character) => unescaped(String(character))),
    );
  }
  return labels;
}

function unescaped(character: string): string {
  return character === "n" ? "\n" : character;
}

function readNumber(text: string): number {
  const special = specialNumbers[text.toLowerCase()];
  if (special !== undefined) return special;
  const value = Number(text);
  return Number.isNaN(value) ? refuse(text) : value;
}

/** Libraries differ in capitals. */
const specialNumbers: Readonly<Record<string, number>> = {
  "+inf": Infinity,
  inf: Infinity,
  "-inf": -Infinity,
  nan: Number.NaN,
};

function refuse(text: string): never {
  const shown = JSON.stringify(text.slice(0, shownCharsMax));
  throw new WhorlError("listen", `its answer is no metrics of Prometheus: ${shown}`);
}

const shownCharsMax = 80;

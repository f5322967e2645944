/** A value of TOML; null does not exist there and is left out. */
type TomlValue = string | number | boolean | null | undefined | readonly TomlValue[] | TomlObject;

interface TomlObject {
  readonly [key: string]: TomlValue;
}

/**
 * TOML text of an object, the same for the same object. Objects of the first two levels and lists
 * of objects get headers, everything deeper stands inline.
 */
export function formatToml(root: object): string {
  const lines: string[] = [];
  emitTable(root as TomlObject, [], lines);
  return `${lines.join("\n")}\n`;
}

const headerDepthMax = 2;

function emitTable(table: TomlObject, path: readonly string[], lines: string[]): void {
  const nested: [string, TomlValue][] = [];
  for (const [key, value] of Object.entries(table)) {
    if (value === undefined || value === null) continue;
    const hasHeader = path.length < headerDepthMax && (isTable(value) || isTableList(value));
    if (hasHeader) nested.push([key, value]);
    else lines.push(`${formatKey(key)} = ${formatValue(value)}`);
  }
  for (const [key, value] of nested) {
    const inner = [...path, key];
    const name = inner.map(formatKey).join(".");
    if (isTable(value)) {
      lines.push("", `[${name}]`);
      emitTable(value, inner, lines);
    } else if (Array.isArray(value)) {
      for (const item of value) {
        lines.push("", `[[${name}]]`);
        emitInline(item as TomlObject, lines);
      }
    }
  }
}

function emitInline(table: TomlObject, lines: string[]): void {
  for (const [key, value] of Object.entries(table)) {
    if (value === undefined || value === null) continue;
    lines.push(`${formatKey(key)} = ${formatValue(value)}`);
  }
}

function isTable(value: TomlValue): value is TomlObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTableList(value: TomlValue): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isTable);
}

function formatKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : formatText(key);
}

function formatValue(value: TomlValue): string {
  if (typeof value === "string") return formatText(value);
  if (Array.isArray(value)) {
    const items = (value as readonly TomlValue[]).filter(isPresent);
    return `[${items.map(formatValue).join(", ")}]`;
  }
  if (!isTable(value)) return formatScalar(value);
  const entries = Object.entries(value).filter(([, each]) => isPresent(each));
  const pairs = entries.map(([key, each]) => `${formatKey(key)} = ${formatValue(each)}`);
  return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
}

function isPresent(value: TomlValue): boolean {
  return value !== undefined && value !== null;
}

function formatScalar(value: TomlValue): string {
  if (typeof value !== "number" || Number.isInteger(value)) return JSON.stringify(value);
  // TOML has inf and nan where JavaScript has other words.
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? String(value) : `${value < 0 ? "-" : ""}inf`;
}

/** A basic string; control characters and lone surrogates as escapes. */
function formatText(text: string): string {
  const escaped = JSON.stringify(text.toWellFormed());
  return escaped.replaceAll("\u007f", "\\u007f");
}

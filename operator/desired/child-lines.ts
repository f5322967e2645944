/**
 * An object as lines `path = value`, so that two can be compared and differences read. Absent and
 * empty are the same; the name of the app is written as `APP`, so that apps can be compared.
 */
export function childLines(object: unknown, app: string): readonly string[] {
  const lines: string[] = [];
  collect(object, "", lines);
  // As a whole value, before the digest of a Secret's name, and in the readiness label.
  const name = new RegExp(`(?<=["/.])${RegExp.escape(app)}(?="|-[0-9a-f]{6,8}"|[.]status)`, "gu");
  return lines.map((line) => line.replaceAll(name, "APP"));
}

function collect(value: unknown, path: string, lines: string[]): void {
  if (value === undefined || value === null) return;
  if (typeof value !== "object") {
    lines.push(`${path} = ${JSON.stringify(value)}`);
    return;
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const isList = Array.isArray(value);
  // The order of a list counts, that of fields does not.
  const sorted = isList ? entries : entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, item] of sorted) {
    collect(item, isList ? `${path}[${name}]` : `${path}/${name}`, lines);
  }
}

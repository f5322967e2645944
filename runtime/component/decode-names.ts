import { isInterfaceName, isLabel, isVersionSuffixOf, parseExternName } from "./extern-name.ts";
import type { Reader } from "./reader.ts";
import type { ExternTypeSyntax } from "./syntax.ts";

/** The names of one scope so far; two that a bindings generator could mix up are refused. */
export class NameScope {
  readonly #keys = new Map<string, string>();

  /** Throws `invalid` when the scope has a name like this one ("Name Uniqueness"). */
  add(reader: Reader, key: string, name: string): void {
    const known = this.#keys.get(key);
    if (known !== undefined) {
      reader.invalid(`name ${JSON.stringify(name)} conflicts with ${JSON.stringify(known)}`);
    }
    this.#keys.set(key, name);
  }
}

/** A label that is unique among `labels`. */
export function readLabel(reader: Reader, labels: NameScope): string {
  const name = reader.name();
  if (!isLabel(name)) reader.invalid(`${JSON.stringify(name)} is not a label in kebab case`);
  labels.add(reader, name.toLowerCase(), name);
  return name;
}

/** Attributes that say more about an import or export without naming it. */
export interface NameAttributes {
  readonly name: string;
  /** Interface that an instance with a plain name implements. */
  readonly implements: string | undefined;
}

/** `nameattributes`: a name that is unique in `scope`, and its attributes. */
export function readExternName(reader: Reader, scope: NameScope): NameAttributes {
  const start = reader.offset;
  const form = reader.byte();
  if (form > 0x02) reader.fail(`0x${form.toString(16)} does not start a name`, start);
  const name = reader.name();
  const parsed = parseExternName(name);
  if (parsed === undefined) {
    return reader.invalid(`${JSON.stringify(name)} is not the name of an import or export`, start);
  }
  scope.add(reader, parsed.key, name);
  if (form !== 0x02) return { name, implements: undefined };
  const implemented = readAttributes(reader, name);
  if (implemented !== undefined && parsed.kind !== "plain") {
    reader.invalid(
      `${JSON.stringify(name)} implements an interface and is not a plain name`,
      start,
    );
  }
  return { name, implements: implemented };
}

/** Returns what the `implements` attribute says. */
function readAttributes(reader: Reader, name: string): string | undefined {
  const attributes = new Map<number, string>();
  const count = reader.count("attributes");
  for (let index = 0; index < count; index++) {
    const start = reader.offset;
    const kind = reader.byte();
    const value = reader.name();
    if (attributes.has(kind)) reader.invalid("an attribute is given twice", start);
    attributes.set(kind, value);
    checkAttribute(reader, name, { kind, value, start });
  }
  return attributes.get(0x00);
}

interface Attribute {
  readonly kind: number;
  readonly value: string;
  readonly start: number;
}

function checkAttribute(reader: Reader, name: string, { kind, value, start }: Attribute): void {
  switch (kind) {
    case 0x00:
      if (!isInterfaceName(value)) {
        reader.invalid(`${JSON.stringify(value)} is not the name of an interface`, start);
      }
      return;
    case 0x01:
      if (!isVersionSuffixOf(value, name)) {
        reader.invalid(`${JSON.stringify(value)} does not complete the version of ${name}`, start);
      }
      return;
    case 0x02:
      return;
    default:
      reader.fail(`0x${kind.toString(16)} is not an attribute`, start);
  }
}

/** Only instances can implement an interface. Throws `invalid`. */
export function checkImplements(
  reader: Reader,
  name: NameAttributes,
  sort: ExternTypeSyntax["kind"] | "type" | undefined,
): void {
  if (name.implements !== undefined && sort !== "instance") {
    reader.invalid(`${JSON.stringify(name.name)} implements an interface and is not an instance`);
  }
}

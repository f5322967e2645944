import type { ManifestProblems } from "./manifest-problems.ts";
import { didYouMean } from "./nearest-name.ts";
import type { Position, TomlEntry, TomlNode, TomlTable } from "./toml-document.ts";

/**
 * One table of a runtime config, read key by key. What has the wrong type, is missing or is never
 * asked for becomes a problem with its place; the reading goes on with undefined.
 */
export class ConfigTable {
  /** In messages: `[key_value_store.default]`. */
  readonly name: string;
  readonly #table: TomlTable;
  readonly #problems: ManifestProblems;
  readonly #asked = new Set<string>();

  constructor(name: string, table: TomlTable, problems: ManifestProblems) {
    this.name = name;
    this.#table = table;
    this.#problems = problems;
  }

  get position(): Position {
    return this.#table.position;
  }

  /** Records a mistake at a key, or at the table where there is none. */
  fail(message: string, key?: string): void {
    const entry = key === undefined ? undefined : this.#table.entries.get(key);
    this.#problems.add("manifest", entry?.node.position ?? this.position, message);
  }

  has(key: string): boolean {
    this.#asked.add(key);
    return this.#table.entries.has(key);
  }

  optionalText(key: string): string | undefined {
    const node = this.#node(key);
    if (node === undefined) return undefined;
    if (node.kind === "string") return String(node.value);
    this.#wrongType(key, "a string", node);
    return undefined;
  }

  /** Undefined, and a problem, where the key is missing. */
  text(key: string): string | undefined {
    if (!this.has(key)) this.fail(`missing key "${key}" in ${this.name}`);
    return this.optionalText(key);
  }

  flag(key: string): boolean | undefined {
    const node = this.#node(key);
    if (node === undefined) return undefined;
    if (node.kind === "boolean") return node.value === true;
    this.#wrongType(key, "true or false", node);
    return undefined;
  }

  /** A whole number from 0 on. */
  count(key: string): number | undefined {
    const node = this.#node(key);
    if (node === undefined) return undefined;
    const value = node.kind === "integer" ? Number(node.value) : undefined;
    if (value === undefined) this.#wrongType(key, "an integer", node);
    else if (value < 0 || !Number.isSafeInteger(value)) {
      this.fail(`${key} is ${String(value)}; write a whole number that is not negative`, key);
      return undefined;
    }
    return value;
  }

  /** Undefined, and a problem, unless it is one of the choices; `fallback` where it is missing. */
  choice<T extends string>(key: string, choices: readonly T[], fallback?: T): T | undefined {
    if (fallback !== undefined && !this.has(key)) return fallback;
    const text = this.text(key);
    const choice = choices.find((each) => each === text);
    if (text !== undefined && choice === undefined) {
      const hint = didYouMean(text, choices);
      const known = choices.map((each) => `"${each}"`).join(", ");
      this.fail(`${key} is "${text}"; it has to be one of ${known}${hint}`, key);
    }
    return choice;
  }

  texts(key: string): readonly string[] | undefined {
    const node = this.#node(key);
    if (node === undefined) return undefined;
    if (node.kind !== "array") {
      this.#wrongType(key, "an array", node);
      return undefined;
    }
    return node.items.flatMap((item) => {
      if (item.kind === "string") return [String(item.value)];
      const message = `an item of ${key} is ${typeName(item)}; write a string`;
      this.#problems.add("manifest", item.position, message);
      return [];
    });
  }

  /** A table whose values are all strings. */
  textMap(key: string): ReadonlyMap<string, string> | undefined {
    const table = this.table(key);
    if (table === undefined) return undefined;
    const map = new Map<string, string>();
    for (const [name] of table.entries()) {
      const value = table.optionalText(name);
      if (value !== undefined) map.set(name, value);
    }
    return map;
  }

  table(key: string): ConfigTable | undefined {
    const node = this.#node(key);
    if (node === undefined) return undefined;
    if (node.kind === "table") return this.#inner(key, node);
    this.#wrongType(key, "a table", node);
    return undefined;
  }

  /** The tables of `[[key]]`. */
  tables(key: string): readonly ConfigTable[] {
    const node = this.#node(key);
    if (node === undefined) return [];
    if (node.kind !== "array") {
      const hint = node.kind === "table" ? `; write its header as [[${key}]]` : "";
      this.fail(`${key} is ${typeName(node)}; it has to be an array of tables${hint}`, key);
      return [];
    }
    return node.items.flatMap((item) => {
      if (item.kind === "table") return [new ConfigTable(`[[${key}]]`, item, this.#problems)];
      this.#problems.add("manifest", item.position, `an item of ${key} is ${typeName(item)}`);
      return [];
    });
  }

  /** All keys with what they have. */
  entries(): IterableIterator<[string, TomlEntry]> {
    return this.#table.entries.entries();
  }

  /** Reports the keys that nobody has asked for. */
  finish(): void {
    for (const [key, { keyPosition }] of this.#table.entries) {
      if (this.#asked.has(key)) continue;
      const hint = didYouMean(key, [...this.#asked]);
      const place = this.name === "" ? "at the top level" : `in ${this.name}`;
      this.#problems.add("manifest", keyPosition, `unknown key "${key}" ${place}${hint}`);
    }
  }

  #node(key: string): TomlNode | undefined {
    this.#asked.add(key);
    return this.#table.entries.get(key)?.node;
  }

  #inner(key: string, node: TomlTable): ConfigTable {
    const outer = /^\[+(.*?)\]+$/.exec(this.name)?.[1];
    const name = outer === undefined ? key : `${outer}.${key}`;
    return new ConfigTable(`[${name}]`, node, this.#problems);
  }

  #wrongType(key: string, wanted: string, node: TomlNode): void {
    const place = this.name === "" ? key : `${key} in ${this.name}`;
    this.fail(`${place} is ${typeName(node)}; it has to be ${wanted}`, key);
  }
}

function typeName(node: TomlNode): string {
  return node.kind === "array" || node.kind === "integer" ? `an ${node.kind}` : `a ${node.kind}`;
}

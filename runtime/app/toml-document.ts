import { ParseError, parseTOML } from "toml-eslint-parser";
import type { AST } from "toml-eslint-parser";

/** A place in a file; both count from 1, the column in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A TOML value with the places of its parts. Tables keep the order of the file. */
export type TomlNode = TomlTable | TomlArray | TomlScalar;

export interface TomlTable {
  readonly kind: "table";
  readonly position: Position;
  readonly entries: Map<string, TomlEntry>;
}

export interface TomlArray {
  readonly kind: "array";
  readonly position: Position;
  readonly items: TomlNode[];
}

export interface TomlScalar {
  readonly kind: "string" | "integer" | "float" | "boolean" | "date";
  readonly position: Position;
  readonly value: string | number | boolean;
}

export interface TomlEntry {
  /** Where the key stands; the node's own position is where its value or header starts. */
  readonly keyPosition: Position;
  readonly node: TomlNode;
}

/** What is wrong with the syntax, and where. */
export class TomlSyntaxError extends Error {
  override readonly name = "TomlSyntaxError";
  readonly position: Position;

  constructor(message: string, position: Position, options: ErrorOptions) {
    super(message, options);
    this.position = position;
  }
}

/**
 * Parses TOML 1.0 into a tree that remembers positions.
 * @throws TomlSyntaxError for the first mistake in the syntax or key defined twice.
 */
export function parseTomlDocument(text: string): TomlTable {
  const root = emptyTable({ line: 1, column: 1 });
  for (const node of parseSyntax(text).body[0].body) {
    if (node.type === "TOMLTable") addTable(root, node);
    else addKeyValue(root, node);
  }
  return root;
}

/** The node at a path, undefined where there is none. */
export function nodeAt(root: TomlTable, path: readonly string[]): TomlNode | undefined {
  let node: TomlNode | undefined = root;
  for (const key of path) {
    if (node?.kind === "table") node = node.entries.get(key)?.node;
    else if (node?.kind === "array") node = node.items[Number(key)];
    else return undefined;
  }
  return node;
}

/**
 * A document as plain data which knows where each of its values stood. Objects have no prototype,
 * so that a key like `__proto__` is a key; dates become null, as no manifest has any.
 */
export class PlainToml {
  readonly value: unknown;
  readonly #nodes = new WeakMap<object, TomlTable | TomlArray>();

  constructor(root: TomlTable) {
    this.value = this.#plain(root);
  }

  /** Where an object or array of the value starts. */
  start(container: object): Position {
    return this.#nodes.get(container)?.position ?? { line: 1, column: 1 };
  }

  /** Whether the file has this key, also if the value was removed from the plain data since. */
  has(container: object, key: string): boolean {
    return this.#entry(container, key) !== undefined;
  }

  /** The keys that an object has in the file, also those removed from the plain data since. */
  keys(container: object): string[] {
    const node = this.#nodes.get(container);
    return node?.kind === "table" ? [...node.entries.keys()] : [];
  }

  /** Where a key of an object stands; where the object starts if it has no such key. */
  keyAt(container: object, key: string): Position {
    return this.#entry(container, key)?.keyPosition ?? this.start(container);
  }

  /** Where the value of a key or an index stands; where the container starts if there is none. */
  valueAt(container: object, key: string | number): Position {
    const node = this.#nodes.get(container);
    const value =
      node?.kind === "array" ? node.items[Number(key)] : node?.entries.get(String(key))?.node;
    return value?.position ?? this.start(container);
  }

  #entry(container: object, key: string): TomlEntry | undefined {
    const node = this.#nodes.get(container);
    return node?.kind === "table" ? node.entries.get(key) : undefined;
  }

  #plain(node: TomlNode): unknown {
    if (node.kind === "array") {
      const array = node.items.map((item) => this.#plain(item));
      this.#nodes.set(array, node);
      return array;
    }
    if (node.kind === "date") return null;
    if (node.kind !== "table") return node.value;
    const object = Object.create(null) as Record<string, unknown>;
    for (const [key, entry] of node.entries) object[key] = this.#plain(entry.node);
    this.#nodes.set(object, node);
    return object;
  }
}

function parseSyntax(text: string): AST.TOMLProgram {
  try {
    return parseTOML(text, { tomlVersion: "1.0" });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    const position = { line: error.lineNumber, column: error.column + 1 };
    throw new TomlSyntaxError(syntaxMessage(error.message, text, position), position, {
      cause: error,
    });
  }
}

function syntaxMessage(message: string, text: string, position: Position): string {
  const line = (text.split("\n")[position.line - 1] ?? "").trim();
  if (message.includes("multiple times")) {
    return `"${line}" defines something a second time; merge the two or rename one`;
  }
  return `the TOML is broken: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

function emptyTable(position: Position): TomlTable {
  return { kind: "table", position, entries: new Map() };
}

function startOf(node: AST.TOMLNode): Position {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}

/** `[a.b]` or `[[a.b]]`: makes the tables on the way and fills the last one. */
function addTable(root: TomlTable, header: AST.TOMLTable): void {
  const { keys } = header.key;
  let table = root;
  for (const [index, key] of keys.entries()) {
    const isLast = index === keys.length - 1;
    const place = { key, position: isLast ? startOf(header) : startOf(key) };
    table = isLast && header.kind === "array" ? appendTable(table, place) : enter(table, place);
  }
  for (const keyValue of header.body) addKeyValue(table, keyValue);
}

function addKeyValue(table: TomlTable, keyValue: AST.TOMLKeyValue): void {
  const { keys } = keyValue.key;
  let target = table;
  for (const key of keys.slice(0, -1)) target = enter(target, { key, position: startOf(key) });
  const last = keys.at(-1);
  if (last === undefined) return;
  target.entries.set(keyText(last), {
    keyPosition: startOf(last),
    node: contentNode(keyValue.value),
  });
}

interface KeyPlace {
  readonly key: AST.TOMLBare | AST.TOMLQuoted;
  readonly position: Position;
}

/** The table of this key: the one there, the newest of an array of tables, or a new one. */
function enter(table: TomlTable, place: KeyPlace): TomlTable {
  const name = keyText(place.key);
  const found = table.entries.get(name)?.node;
  const existing = found?.kind === "array" ? found.items.at(-1) : found;
  if (existing?.kind === "table") return existing;
  const node = emptyTable(place.position);
  table.entries.set(name, { keyPosition: startOf(place.key), node });
  return node;
}

function appendTable(table: TomlTable, place: KeyPlace): TomlTable {
  const name = keyText(place.key);
  const found = table.entries.get(name)?.node;
  const node = emptyTable(place.position);
  if (found?.kind === "array") {
    found.items.push(node);
  } else {
    const array: TomlArray = { kind: "array", position: place.position, items: [node] };
    table.entries.set(name, { keyPosition: startOf(place.key), node: array });
  }
  return node;
}

function keyText(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}

function contentNode(content: AST.TOMLContentNode): TomlNode {
  const position = startOf(content);
  if (content.type === "TOMLArray") {
    return { kind: "array", position, items: content.elements.map(contentNode) };
  }
  if (content.type === "TOMLInlineTable") {
    const table = emptyTable(position);
    for (const keyValue of content.body) addKeyValue(table, keyValue);
    return table;
  }
  switch (content.kind) {
    case "string":
    case "integer":
    case "float":
    case "boolean":
      return { kind: content.kind, position, value: content.value };
    default:
      return { kind: "date", position, value: content.datetime };
  }
}

import { trap } from "../../error.ts";
import { err, ok } from "../../instance/host-interface.ts";
import type { HostFunction, Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import type { WasiContext } from "../context.ts";
import type { HeaderList } from "./exchange.ts";
import { fieldName, isFieldValue, isForbiddenName, latin1 } from "./field-syntax.ts";

/** wasi:http/types `header-error`. */
export interface HeaderError {
  readonly tag: "invalid-syntax" | "forbidden" | "immutable";
  readonly val: undefined;
}

type Entry = HeaderList[number];
type Outcome = Result<undefined, HeaderError>;

const done: Outcome = ok(undefined);
const invalidSyntax = err<HeaderError>({ tag: "invalid-syntax", val: undefined });
const forbidden = err<HeaderError>({ tag: "forbidden", val: undefined });
const immutable = err<HeaderError>({ tag: "immutable", val: undefined });

/** What one line adds on the wire besides name and value: `: ` and the line's end. */
const lineBytes = 4;

/**
 * wasi:http/types `fields`: header lines in order, names in lower case. Once immutable it never
 * changes again, so one object may stand behind any number of handles.
 */
export class Fields {
  #entries: Entry[];
  #mutable: boolean;
  #size: number;

  private constructor(entries: Entry[], mutable: boolean, size: number) {
    this.#entries = entries;
    this.#mutable = mutable;
    this.#size = size;
  }

  /** Mutable, without lines. */
  static empty(): Fields {
    return new Fields([], true, 0);
  }

  /** Mutable; takes the list over. Traps above `limits.headersBytesMax`. */
  static fromList(entries: Entry[]): Result<Fields, HeaderError> {
    let size = 0;
    for (let index = 0; index < entries.length; index += 1) {
      const [given, value] = entries[index] as Entry;
      const name = fieldName(given);
      if (name === undefined) return invalidSyntax;
      if (isForbiddenName(name)) return forbidden;
      if (!isFieldValue(name, value)) return invalidSyntax;
      if (name !== given) entries[index] = [name, value];
      size = bounded(size + lineSize(name, value));
    }
    return ok(new Fields(entries, true, size));
  }

  /** Immutable: lines that came from a peer, without those that guests may not see. */
  static received(lines: HeaderList): Fields {
    const visible = lines.some(isForbiddenLine) ? lines.filter(isVisibleLine) : lines;
    return new Fields(visible as Entry[], false, 0);
  }

  /** From now on nobody changes the lines. Returns itself. */
  freeze(): this {
    this.#mutable = false;
    return this;
  }

  /** The lines themselves, not a copy. */
  entries(): HeaderList {
    return this.#entries;
  }

  get(name: string): Uint8Array[] {
    const lower = name.toLowerCase();
    const values: Uint8Array[] = [];
    for (const [key, value] of this.#entries) if (key === lower) values.push(value);
    return values;
  }

  has(name: string): boolean {
    const lower = name.toLowerCase();
    return this.#entries.some(([key]) => key === lower);
  }

  set(given: string, values: readonly Uint8Array[]): Outcome {
    const name = fieldName(given);
    if (name === undefined) return invalidSyntax;
    if (isForbiddenName(name)) return forbidden;
    if (!this.#mutable) return immutable;
    if (!values.every((value) => isFieldValue(name, value))) return invalidSyntax;
    this.#remove(name);
    for (const value of values) this.#add(name, value);
    return done;
  }

  delete(given: string): Outcome {
    const name = fieldName(given);
    if (name === undefined) return invalidSyntax;
    if (isForbiddenName(name)) return forbidden;
    if (!this.#mutable) return immutable;
    this.#remove(name);
    return done;
  }

  append(given: string, value: Uint8Array): Outcome {
    const name = fieldName(given);
    if (name === undefined) return invalidSyntax;
    if (isForbiddenName(name)) return forbidden;
    if (!isFieldValue(name, value)) return invalidSyntax;
    if (!this.#mutable) return immutable;
    this.#add(name, value);
    return done;
  }

  /** A mutable copy. */
  clone(): Fields {
    return new Fields(this.#entries.slice(), true, sizeOf(this.#entries));
  }

  /** The value of content-length; undefined without one. */
  contentLength(): number | undefined {
    for (const [name, value] of this.#entries) {
      if (name === "content-length") return Number(latin1(value));
    }
    return undefined;
  }

  #add(name: string, value: Uint8Array): void {
    this.#size = bounded(this.#size + lineSize(name, value));
    this.#entries.push([name, value]);
  }

  #remove(name: string): void {
    if (!this.has(name)) return;
    this.#entries = this.#entries.filter(([key]) => key !== name);
    this.#size = sizeOf(this.#entries);
  }
}

function lineSize(name: string, value: Uint8Array): number {
  return name.length + value.length + lineBytes;
}

function sizeOf(entries: HeaderList): number {
  let size = 0;
  for (const [name, value] of entries) size += lineSize(name, value);
  return size;
}

function bounded(size: number): number {
  if (size > limits.headersBytesMax) {
    trap(`the guest's header fields take more than ${limits.headersBytesMax} bytes`);
  }
  return size;
}

function isForbiddenLine(line: Entry): boolean {
  return isForbiddenName(line[0]);
}

function isVisibleLine(line: Entry): boolean {
  return !isForbiddenName(line[0]);
}

type Context = WasiContext;

/** wasi:http/types: the functions of `fields`. */
export const fieldsFunctions: Readonly<Record<string, HostFunction<WasiContext>>> = {
  "[constructor]fields": () => Fields.empty(),
  "[static]fields.from-list": (_: Context, entries: Entry[]) => Fields.fromList(entries),
  "[method]fields.get": (_: Context, self: Fields, name: string) => self.get(name),
  "[method]fields.has": (_: Context, self: Fields, name: string) => self.has(name),
  "[method]fields.set": (_: Context, self: Fields, name: string, values: Uint8Array[]) =>
    self.set(name, values),
  "[method]fields.delete": (_: Context, self: Fields, name: string) => self.delete(name),
  "[method]fields.append": (_: Context, self: Fields, name: string, value: Uint8Array) =>
    self.append(name, value),
  "[method]fields.entries": (_: Context, self: Fields) => self.entries(),
  "[method]fields.clone": (_: Context, self: Fields) => self.clone(),
};

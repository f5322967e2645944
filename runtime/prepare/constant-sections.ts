import {
  type CoreLimits,
  readCoreValueType,
  readGlobalType,
  readLimits,
} from "../component/core-types.ts";
import { Reader } from "../component/reader.ts";
import { WhorlError } from "../error.ts";
import { CodeScanner } from "./code-scanner.ts";
import { concatenated, type Edit, editedParts, leb128, sectionIds } from "./core-sections.ts";

type Contents = Map<number, Uint8Array<ArrayBuffer>>;

/** Bits of the flags of an element segment (core specification, "Element Section"). */
const elementFlags = { notActive: 1, explicitIndex: 2, expressions: 4 } as const;
const dataFlags = { passive: 1, explicitIndex: 2 } as const;
const exportKindGlobal = 3;
/** A passive data segment without bytes: what an active one is after instantiation. */
const emptySegment = [dataFlags.passive, 0];

/** Reads sections that contain constant expressions and collects what has to be changed there. */
class ConstantSection {
  readonly reader: Reader;
  readonly edits: Edit[] = [];
  readonly #section: Uint8Array<ArrayBuffer>;
  readonly #scanner: CodeScanner;

  constructor(section: Uint8Array<ArrayBuffer>, shift: GlobalShift) {
    this.#section = section;
    this.reader = new Reader(section, "core module section");
    this.#scanner = new CodeScanner(section, {
      readsGlobals: true,
      instruction: (kind, immediate, start, end) => {
        if (kind !== "global.get" || immediate < shift.from) return;
        this.edits.push({ start, end, bytes: [0x23, ...leb128(immediate + shift.by)] });
      },
    });
  }

  expression(): void {
    this.reader.offset = this.#scanner.constantExpression(this.reader.offset);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    this.reader.expectEnd();
    const end = this.#section.length;
    return concatenated(editedParts(this.#section, this.edits, { start: 0, end }));
  }
}

export interface GlobalShift {
  /** Globals from this index on move. */
  readonly from: number;
  readonly by: number;
}

/** Renumbers globals everywhere but in function bodies. Throws `malformed`. */
export function shiftGlobals(contents: Contents, shift: GlobalShift): void {
  const each = (id: number, walk: (section: ConstantSection) => void): void => {
    const bytes = contents.get(id);
    if (bytes === undefined) return;
    const section = new ConstantSection(bytes, shift);
    for (let count = section.reader.u32(); count > 0; count--) walk(section);
    contents.set(id, section.bytes());
  };
  each(sectionIds.table, (section) => walkTable(section));
  each(sectionIds.global, walkGlobal);
  each(sectionIds.export, (section) => walkExport(section, shift));
  each(sectionIds.element, walkElement);
  each(sectionIds.data, (section) => void walkData(section));
}

/**
 * Lets no table grow beyond `elementsMax`. Throws `limit` for one that begins with more: it would be
 * there before any code can be stopped.
 */
export function boundTables(contents: Contents, elementsMax: number): void {
  const bytes = contents.get(sectionIds.table);
  if (bytes === undefined) return;
  const section = new ConstantSection(bytes, { from: Infinity, by: 0 });
  for (let count = section.reader.u32(); count > 0; count--) {
    walkTable(section, (limits, start, end) => {
      const min = Number(limits.min);
      if (min > elementsMax) {
        throw new WhorlError(
          "limit",
          `a table begins with ${min} elements, more than the limit of ${elementsMax}`,
        );
      }
      // Tables with 64-bit addresses keep their own bound.
      if (limits.wide || Number(limits.max ?? Infinity) <= elementsMax) return;
      section.edits.push({ start, end, bytes: [1, ...leb128(min), ...leb128(elementsMax)] });
    });
  }
  contents.set(sectionIds.table, section.bytes());
}

/**
 * Makes a module that leaves its memories alone when it is instantiated: without start function,
 * and with every active data segment as it is afterwards, that is dropped.
 */
export function withoutInitialization(contents: Contents): void {
  contents.delete(sectionIds.start);
  const bytes = contents.get(sectionIds.data);
  if (bytes === undefined) return;
  const section = new ConstantSection(bytes, { from: Infinity, by: 0 });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const count = section.reader.u32();
  parts.push(bytes.subarray(0, section.reader.offset));
  for (let index = 0; index < count; index++) {
    const start = section.reader.offset;
    const isActive = walkData(section);
    const segment = isActive
      ? new Uint8Array(emptySegment)
      : bytes.subarray(start, section.reader.offset);
    parts.push(segment);
  }
  section.reader.expectEnd();
  contents.set(sectionIds.data, concatenated(parts));
}

function walkTable(
  section: ConstantSection,
  visit: (limits: CoreLimits, start: number, end: number) => void = () => undefined,
): void {
  const { reader } = section;
  const hasInitialValue = reader.peek() === 0x40;
  if (hasInitialValue) {
    reader.byte();
    reader.expect(0x00, "table with an initial value");
  }
  readCoreValueType(reader);
  const start = reader.offset;
  visit(readLimits(reader), start, reader.offset);
  if (hasInitialValue) section.expression();
}

function walkGlobal(section: ConstantSection): void {
  readGlobalType(section.reader);
  section.expression();
}

function walkExport({ reader, edits }: ConstantSection, shift: GlobalShift): void {
  reader.name();
  const kind = reader.byte();
  const start = reader.offset;
  const index = reader.u32();
  if (kind !== exportKindGlobal || index < shift.from) return;
  edits.push({ start, end: reader.offset, bytes: leb128(index + shift.by) });
}

function walkElement(section: ConstantSection): void {
  const { reader } = section;
  const flags = reader.u32();
  if (flags > 7) reader.fail(`${flags} are not flags of an element segment`);
  const isActive = (flags & elementFlags.notActive) === 0;
  const isExplicit = (flags & elementFlags.explicitIndex) !== 0;
  const hasExpressions = (flags & elementFlags.expressions) !== 0;
  if (isActive) {
    if (isExplicit) reader.u32();
    section.expression();
  }
  // The type is left out only by active segments of table 0.
  if (!isActive || isExplicit) {
    if (hasExpressions) skipReferenceType(reader);
    else reader.byte();
  }
  for (let count = reader.u32(); count > 0; count--) {
    if (hasExpressions) section.expression();
    else reader.u32();
  }
}

function skipReferenceType(reader: Reader): void {
  const code = reader.byte();
  if (code !== 0x63 && code !== 0x64) return;
  if (reader.peek() >= 0x68 && reader.peek() <= 0x74) reader.byte();
  else reader.s33Index();
}

/** Returns whether the segment is active. */
function walkData(section: ConstantSection): boolean {
  const { reader } = section;
  const flags = reader.u32();
  if (flags > 2) reader.fail(`${flags} are not flags of a data segment`);
  const isActive = flags !== dataFlags.passive;
  if (isActive) {
    if (flags === dataFlags.explicitIndex) reader.u32();
    section.expression();
  }
  reader.window(reader.u32(), "data segment");
  return isActive;
}

import { WhorlError } from "../error.ts";

/** What instructions do to state that outlives a call; everything else is skipped. */
export interface CodeVisitor {
  /** `start` is where the instruction begins, `end` behind its immediates. */
  instruction(kind: StateInstruction, immediate: number, place: CodePlace): void;
}

export interface CodePlace {
  readonly start: number;
  readonly end: number;
}

export type StateInstruction =
  /** Immediate: the global's index. */
  | "global.set"
  /** Immediate: the memory's index. */
  | "memory.size"
  | "memory.grow"
  | "data.drop"
  | "elem.drop"
  | "table.set"
  | "table.init"
  | "table.copy"
  | "table.grow"
  | "table.fill"
  /** Garbage-collected objects have state of their own that cannot be seen from outside. */
  | "gc";

/** Immediates of the one-byte opcodes: 0 none, 1 one LEB128, 2 two; others are named below. */
const shapes = makeShapes();
const shape = { none: 0, one: 1, two: 2, block: 3, memarg: 4, other: 5, unknown: 6 } as const;

function makeShapes(): Uint8Array {
  const table = new Uint8Array(256).fill(6);
  const set = (first: number, last: number, value: number): void => {
    table.fill(value, first, last + 1);
  };
  set(0x00, 0x01, 0);
  set(0x02, 0x04, 3);
  table[0x05] = 0;
  table[0x06] = 3;
  set(0x07, 0x09, 1);
  set(0x0a, 0x0b, 0);
  set(0x0c, 0x0d, 1);
  table[0x0e] = 5;
  table[0x0f] = 0;
  table[0x10] = 1;
  table[0x11] = 2;
  table[0x12] = 1;
  table[0x13] = 2;
  set(0x14, 0x15, 1);
  table[0x18] = 1;
  set(0x19, 0x1b, 0);
  table[0x1c] = 5;
  table[0x1f] = 5;
  set(0x20, 0x23, 1);
  table[0x24] = 5;
  table[0x25] = 1;
  table[0x26] = 5;
  set(0x28, 0x3e, 4);
  set(0x3f, 0x40, 5);
  set(0x41, 0x42, 1);
  set(0x43, 0x44, 5);
  set(0x45, 0xc4, 0);
  table[0xd0] = 3;
  table[0xd1] = 0;
  table[0xd2] = 1;
  set(0xd3, 0xd4, 0);
  set(0xd5, 0xd6, 1);
  set(0xfb, 0xfe, 5);
  return table;
}

/**
 * Walks the instructions of function bodies (core specification, 5.4). Expects code that the engine
 * has validated or is going to: it only keeps in step with it, and throws `unsupported` for an
 * opcode that it does not know.
 */
export class CodeScanner {
  readonly #bytes: Uint8Array;
  readonly #visitor: CodeVisitor;
  #at: number;

  constructor(bytes: Uint8Array, visitor: CodeVisitor) {
    this.#bytes = bytes;
    this.#visitor = visitor;
    this.#at = 0;
  }

  /** Scans one body: locals and instructions, from `start` to `end`. */
  body(start: number, end: number): void {
    this.#at = start;
    for (let groups = this.#u32(); groups > 0; groups--) {
      this.#skipLeb();
      this.#valueType();
    }
    while (this.#at < end) this.#instruction();
    if (this.#at !== end) this.#fail("a function body ends within an instruction");
  }

  /** Walks a constant expression and returns the offset behind its `end`. */
  constantExpression(start: number): number {
    this.#at = start;
    while (this.#bytes[this.#at] !== 0x0b) {
      if (this.#at >= this.#bytes.length) this.#fail("a constant expression has no end");
      this.#instruction();
    }
    return this.#at + 1;
  }

  #instruction(): void {
    const opcode = this.#bytes[this.#at] ?? 0;
    switch (shapes[opcode]) {
      case shape.none:
        this.#at++;
        return;
      case shape.one:
        this.#at++;
        this.#skipLeb();
        return;
      case shape.two:
        this.#at++;
        this.#skipLeb();
        this.#skipLeb();
        return;
      case shape.block:
        this.#at++;
        this.#valueType();
        return;
      case shape.memarg:
        this.#at++;
        this.#memarg();
        return;
      case shape.other:
        this.#other(opcode);
        return;
      default:
        this.#fail(`unknown opcode 0x${opcode.toString(16)}`);
    }
  }

  #other(opcode: number): void {
    const start = this.#at++;
    switch (opcode) {
      case 0x0e:
        for (let labels = this.#u32() + 1; labels > 0; labels--) this.#skipLeb();
        return;
      case 0x1c:
        for (let types = this.#u32(); types > 0; types--) this.#valueType();
        return;
      case 0x1f:
        this.#tryTable();
        return;
      case 0x24:
        return this.#visit("global.set", start);
      case 0x26:
        return this.#visit("table.set", start);
      case 0x3f:
        return this.#visit("memory.size", start);
      case 0x40:
        return this.#visit("memory.grow", start);
      case 0x43:
        this.#at += 4;
        return;
      case 0x44:
        this.#at += 8;
        return;
      case 0xfb:
        return this.#gc(start);
      case 0xfc:
        return this.#miscellaneous(start);
      case 0xfd:
        return this.#vector();
      default:
        return this.#atomic();
    }
  }

  #tryTable(): void {
    this.#valueType();
    for (let clauses = this.#u32(); clauses > 0; clauses--) {
      const kind = this.#bytes[this.#at++] ?? 0;
      if (kind < 2) this.#skipLeb();
      this.#skipLeb();
    }
  }

  /** Its immediates vary; the scan stops here, since nothing can be said of the module any more. */
  #gc(start: number): never {
    this.#visitor.instruction("gc", 0, { start, end: this.#at });
    return this.#fail("garbage-collected types");
  }

  #miscellaneous(start: number): void {
    const operation = this.#u32();
    switch (operation) {
      case 8:
      case 10:
        this.#skipLeb();
        this.#skipLeb();
        return;
      case 9:
        return this.#visit("data.drop", start);
      case 11:
      case 16:
        this.#skipLeb();
        return;
      case 12:
        this.#skipLeb();
        return this.#visit("table.init", start);
      case 13:
        return this.#visit("elem.drop", start);
      case 14:
        this.#skipLeb();
        return this.#visit("table.copy", start);
      case 15:
        return this.#visit("table.grow", start);
      case 17:
        return this.#visit("table.fill", start);
      default:
        if (operation > 7) this.#fail(`unknown opcode 0xfc ${operation}`);
    }
  }

  #vector(): void {
    const operation = this.#u32();
    if (operation <= 11 || operation === 92 || operation === 93) return this.#memarg();
    if (operation === 12 || operation === 13) {
      this.#at += 16;
    } else if (operation >= 21 && operation <= 34) {
      this.#at++;
    } else if (operation >= 84 && operation <= 91) {
      this.#memarg();
      this.#at++;
    }
  }

  #atomic(): void {
    if (this.#u32() === 3) this.#at++;
    else this.#memarg();
  }

  /** Reads the last immediate and reports the instruction. */
  #visit(kind: StateInstruction, start: number): void {
    const immediate = this.#u32();
    this.#visitor.instruction(kind, immediate, { start, end: this.#at });
  }

  #memarg(): void {
    // Bit 6 of the alignment says that a memory index follows.
    if ((this.#u32() & 0x40) !== 0) this.#skipLeb();
    this.#skipLeb();
  }

  /** Value types, block types and heap types: one signed LEB128, two after a `ref` prefix. */
  #valueType(): void {
    const first = this.#bytes[this.#at] ?? 0;
    if (first === 0x63 || first === 0x64) this.#at++;
    this.#skipLeb();
  }

  #skipLeb(): void {
    while ((this.#bytes[this.#at++] ?? 0) >= 0x80);
  }

  #u32(): number {
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0;
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return result;
    }
    return this.#fail("an integer is too long");
  }

  #fail(what: string): never {
    throw new WhorlError("unsupported", `core code at byte ${this.#at}: ${what}`);
  }
}

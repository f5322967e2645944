import { WhorlError } from "../error.ts";

/** What instructions do to state that outlives a call, and what a rewrite has to find. */
export type StateInstruction =
  /** Immediate: the global's index. Reading one is reported only where it is asked for. */
  | "global.get"
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
  /** Only where control flow is asked for; ends where the loop's body begins. */
  | "loop"
  /** Only where control flow is asked for. Immediate: the function's index. */
  | "call"
  /** Only where control flow is asked for: of a function that is not known before. */
  | "call.indirect"
  /** Garbage-collected objects have state of their own that cannot be seen from outside. */
  | "gc";

export interface CodeVisitor {
  /** Whether `global.get` is reported: it is frequent. */
  readonly readsGlobals?: boolean;
  /** Whether loops and calls are reported: they are frequent. */
  readonly readsFlow?: boolean;
  /** Told where the instructions of a body begin. */
  begin?(offset: number): void;
  /** `start` is where the instruction begins, `end` behind its immediates. */
  instruction(kind: StateInstruction, immediate: number, start: number, end: number): void;
}

/** Immediates of an opcode. What has the value `other` is looked at one by one. */
const shape = { none: 0, one: 1, two: 2, type: 3, memarg: 4, other: 5, unknown: 6 } as const;

const shapes = makeShapes();

/** By one-byte opcode (core specification, "Instructions" of the binary format). */
function makeShapes(): Uint8Array {
  const table = new Uint8Array(256).fill(shape.unknown);
  const set = (value: number, ...ranges: readonly (number | readonly [number, number])[]): void => {
    for (const range of ranges) {
      const [first, last] = typeof range === "number" ? [range, range] : range;
      table.fill(value, first, last + 1);
    }
  };
  // prettier-ignore
  set(shape.none, 0x00, 0x01, 0x05, [0x0a, 0x0b], 0x0f, [0x19, 0x1b], [0x45, 0xc4], 0xd1, 0xd3, 0xd4);
  set(shape.one, [0x07, 0x09], 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x15, 0x18, [0x20, 0x23], 0x25);
  set(shape.one, 0x41, 0x42, 0xd2, 0xd5, 0xd6);
  set(shape.two, 0x11, 0x13);
  set(shape.type, [0x02, 0x04], 0x06, 0xd0);
  set(shape.memarg, [0x28, 0x3e]);
  set(shape.other, 0x0e, 0x1c, 0x1f, 0x24, 0x26, 0x3f, 0x40, 0x43, 0x44, [0xfb, 0xfe]);
  return table;
}

const opcodes = { globalGet: 0x23, end: 0x0b } as const;
/** loop; call, call_indirect, call_ref, each also as a tail call. */
const flowOpcodes = [0x03, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15];

/**
 * Walks the instructions of function bodies (core specification, 5.4). Expects code that the engine
 * has validated or is going to: it only keeps in step with it, and throws `unsupported` for an
 * opcode that it does not know and for code that leaves its bounds.
 */
export class CodeScanner {
  readonly #bytes: Uint8Array;
  readonly #visitor: CodeVisitor;
  readonly #shapes: Uint8Array;
  #at = 0;
  #end = 0;

  constructor(bytes: Uint8Array, visitor: CodeVisitor) {
    this.#bytes = bytes;
    this.#visitor = visitor;
    this.#shapes = shapes;
    if (visitor.readsGlobals !== true && visitor.readsFlow !== true) return;
    this.#shapes = shapes.slice();
    if (visitor.readsGlobals === true) this.#shapes[opcodes.globalGet] = shape.other;
    if (visitor.readsFlow !== true) return;
    for (const opcode of flowOpcodes) this.#shapes[opcode] = shape.other;
  }

  /** Scans one body: locals and instructions, from `start` to `end`. */
  body(start: number, end: number): void {
    this.#at = start;
    // The last byte is the body's own `end`, and no immediate of another instruction.
    this.#end = end - 1;
    for (let groups = this.#count(); groups > 0; groups--) {
      this.#skipLeb();
      this.#type();
    }
    this.#visitor.begin?.(this.#at);
    while (this.#at < this.#end) this.#run();
    if (this.#at !== this.#end) this.#fail("a function body ends within an instruction");
    if (this.#bytes[this.#end] !== opcodes.end) this.#fail("a function body has no end");
  }

  /** Walks a constant expression and returns the offset behind its `end`. */
  constantExpression(start: number): number {
    this.#at = start;
    this.#end = this.#bytes.length;
    while (this.#bytes[this.#at] !== opcodes.end) {
      if (this.#at >= this.#end) this.#fail("a constant expression has no end");
      this.#instruction(this.#bytes[this.#at] ?? 0);
    }
    return this.#at + 1;
  }

  /**
   * Instructions with the commonest shapes in one loop over local variables, which is what makes
   * reading megabytes of code cheap; returns behind the first other one.
   */
  #run(): void {
    const bytes = this.#bytes;
    const table = this.#shapes;
    const end = this.#end;
    let at = this.#at;
    while (at < end) {
      const opcode = bytes[at] ?? 0;
      const kind = table[opcode];
      if (kind === shape.none) {
        at++;
      } else if (kind === shape.one) {
        at++;
        while ((bytes[at++] ?? 0) >= 0x80);
      } else if (kind === shape.memarg && (bytes[at + 1] ?? 0) < 0x40) {
        at += 2;
        while ((bytes[at++] ?? 0) >= 0x80);
      } else {
        this.#at = at;
        this.#instruction(opcode);
        return;
      }
    }
    this.#at = at;
  }

  #instruction(opcode: number): void {
    const start = this.#at++;
    switch (this.#shapes[opcode]) {
      case shape.none:
        return;
      case shape.one:
        return this.#skipLeb();
      case shape.two:
        this.#skipLeb();
        return this.#skipLeb();
      case shape.type:
        return this.#type();
      case shape.memarg:
        return this.#memarg();
      case shape.other:
        return this.#other(opcode, start);
      default:
        return this.#fail(`unknown opcode 0x${opcode.toString(16)}`);
    }
  }

  #other(opcode: number, start: number): void {
    switch (opcode) {
      case 0x03:
        this.#type();
        return this.#visitor.instruction("loop", 0, start, this.#at);
      case 0x10:
      case 0x12:
        return this.#visit("call", start);
      case 0x11:
      case 0x13:
        this.#skipLeb();
        return this.#visit("call.indirect", start);
      case 0x14:
      case 0x15:
        return this.#visit("call.indirect", start);
      case 0x0e:
        for (let labels = this.#count(); labels >= 0; labels--) this.#skipLeb();
        return;
      case 0x1c:
        for (let types = this.#count(); types > 0; types--) this.#type();
        return;
      case 0x1f:
        return this.#tryTable();
      case opcodes.globalGet:
        return this.#visit("global.get", start);
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
    this.#type();
    for (let clauses = this.#count(); clauses > 0; clauses--) {
      const kind = this.#bytes[this.#at++] ?? 0;
      if (kind < 2) this.#skipLeb();
      this.#skipLeb();
    }
  }

  /** Its immediates vary; the scan stops here, since nothing can be said of the module any more. */
  #gc(start: number): never {
    this.#visitor.instruction("gc", 0, start, this.#at);
    return this.#fail("garbage-collected types");
  }

  #miscellaneous(start: number): void {
    const operation = this.#u32();
    // Saturating truncation.
    if (operation < 8) return;
    switch (operation) {
      case 8: // memory.init changes no segment, only memory
      case 10: // memory.copy
        this.#skipLeb();
        return this.#skipLeb();
      case 11: // memory.fill
      case 16: // table.size
        return this.#skipLeb();
      case 9:
        return this.#visit("data.drop", start);
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
        return this.#fail(`unknown opcode 0xfc ${operation}`);
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
    } else if (operation > 0x113) {
      this.#fail(`unknown opcode 0xfd ${operation}`);
    }
  }

  #atomic(): void {
    const operation = this.#u32();
    if (operation === 3) {
      this.#at++;
      return;
    }
    if (operation > 0x4e || (operation > 3 && operation < 0x10)) {
      this.#fail(`unknown opcode 0xfe ${operation}`);
    }
    this.#memarg();
  }

  /** Reads the last immediate and reports the instruction. */
  #visit(kind: StateInstruction, start: number): void {
    const immediate = this.#u32();
    this.#visitor.instruction(kind, immediate, start, this.#at);
  }

  #memarg(): void {
    // Bit 6 of the alignment says that a memory index follows.
    if ((this.#u32() & 0x40) !== 0) this.#skipLeb();
    this.#skipLeb();
  }

  /** Value types, block types and heap types: one signed LEB128, two after a `ref` prefix. */
  #type(): void {
    const first = this.#bytes[this.#at] ?? 0;
    if (first === 0x63 || first === 0x64) this.#at++;
    this.#skipLeb();
  }

  /** Length of a vector: each item takes a byte at least, so one that lies is seen here. */
  #count(): number {
    const count = this.#u32();
    if (count > this.#end - this.#at) this.#fail("a vector is longer than the code");
    return count;
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

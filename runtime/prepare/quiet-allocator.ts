import { Reader } from "../component/reader.ts";
import { leb128, sectionIds } from "./core-sections.ts";
import { type CodeBody, type ModuleFacts, readModuleFacts } from "./module-facts.ts";

const allocatorNames = ["canonical_abi_realloc", "canonical_abi_free"] as const;
const opcodes = { nop: 0x01, end: 0x0b, call: 0x10 } as const;

/**
 * Linkers of the Spin 1 era wrapped every export into calls of the module's constructors, which ask
 * for the environment, and destructors, which write out what is buffered. But an allocator may not
 * call out (CanonicalABI.md, `may_leave`). This is the code section with both calls taken out of
 * the allocator; the handler goes on to make them. Undefined where there are none.
 *
 * They are what allocator and deallocator have in common: the first and the last instruction.
 */
export function withQuietAllocator(
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | undefined {
  const facts = readModuleFacts(bytes);
  const code = facts.sections.contents.get(sectionIds.code);
  const [realloc, free] = allocatorNames.map((name) => exportedBody(facts, name));
  if (code === undefined || realloc === undefined || free === undefined) return undefined;
  const [first, other] = [firstCall(code, realloc), firstCall(code, free)];
  if (first === undefined || first.callee !== other?.callee) return undefined;
  const quiet = code.slice();
  quiet.fill(opcodes.nop, first.start, first.end);
  const last = commonLastCall(code, realloc, free);
  if (last !== undefined) quiet.fill(opcodes.nop, realloc.end - 1 - last, realloc.end - 1);
  return quiet;
}

function exportedBody(facts: ModuleFacts, wanted: string): CodeBody | undefined {
  const section = facts.sections.contents.get(sectionIds.export);
  if (section === undefined) return undefined;
  const imported = facts.functionCount - facts.bodies.length;
  const reader = new Reader(section, "export section");
  for (let count = reader.u32(); count > 0; count--) {
    const name = reader.name();
    const kind = reader.byte();
    const index = reader.u32();
    if (kind === 0 && name === wanted) return facts.bodies[index - imported];
  }
  return undefined;
}

/** The call that a function begins with, behind its locals. */
function firstCall(
  code: Uint8Array<ArrayBuffer>,
  { start, end }: CodeBody,
): { readonly start: number; readonly end: number; readonly callee: number } | undefined {
  const reader = new Reader(code, "function body", start, end);
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.u32();
    reader.byte();
  }
  const call = reader.offset;
  if (reader.byte() !== opcodes.call) return undefined;
  const callee = reader.u32();
  return { start: call, end: reader.offset, callee };
}

/** Bytes of the call that both functions end with. */
function commonLastCall(
  code: Uint8Array<ArrayBuffer>,
  left: CodeBody,
  right: CodeBody,
): number | undefined {
  const indexBytesMax = 5;
  for (let length = 2; length <= indexBytesMax + 1; length++) {
    const from = left.end - 1 - length;
    if (from <= left.start || code[from] !== opcodes.call) continue;
    const callee = new Reader(code, "function body", from + 1, left.end).u32();
    if (leb128(callee).length !== length - 1) continue;
    const isCommon = code
      .subarray(from, left.end)
      .every((byte, index) => byte === code[right.end - 1 - length + index]);
    if (isCommon) return length;
  }
  return undefined;
}

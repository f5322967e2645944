/**
 * How many items a collector did not take although it answered 200 (ExportPartialSuccess). 0 for
 * whatever cannot be read: a collector that answers nonsense has said that it took everything.
 */
export function rejectedItems(
  body: Uint8Array,
  contentType: string | string[] | undefined,
): number {
  if (body.length === 0) return 0;
  try {
    return String(contentType).startsWith("application/json")
      ? rejectedInJson(Buffer.from(body).toString("utf8"))
      : rejectedInProtobuf(body);
  } catch {
    return 0;
  }
}

function rejectedInJson(text: string): number {
  const answer = JSON.parse(text) as { readonly partialSuccess?: Record<string, unknown> };
  const { rejectedSpans, rejectedDataPoints, rejectedLogRecords } = answer.partialSuccess ?? {};
  const count = Number(rejectedSpans ?? rejectedDataPoints ?? rejectedLogRecords ?? 0);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** Field 1 of the answer is the message, its field 1 the count. */
function rejectedInProtobuf(body: Uint8Array): number {
  const outer = readTag(body, 0);
  if (outer?.field !== 1 || outer.wire !== 2) return 0;
  const length = readVarint(body, outer.end);
  if (length === undefined) return 0;
  const inner = readTag(body, length.end);
  if (inner?.field !== 1 || inner.wire !== 0) return 0;
  return readVarint(body, inner.end)?.value ?? 0;
}

function readTag(
  body: Uint8Array,
  at: number,
): { readonly field: number; readonly wire: number; readonly end: number } | undefined {
  const read = readVarint(body, at);
  return read && { field: read.value >> 3, wire: read.value & 7, end: read.end };
}

/** Undefined beyond the end, and for what is longer than 32 bits. */
function readVarint(
  body: Uint8Array,
  at: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = body[at + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: at + index + 1 };
  }
  return undefined;
}

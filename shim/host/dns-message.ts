/** Kinds of addresses that are asked for (RFC 1035, RFC 3596). */
const dnsTypes = { 4: 1, 6: 28 } as const;

/** What a server has answered. */
export type DnsAnswer =
  | { readonly kind: "found"; readonly addresses: readonly string[] }
  /** There is no such name, or it has no address of this kind. */
  | { readonly kind: "none" }
  /** The rest has to be fetched over TCP. */
  | { readonly kind: "truncated" }
  /** The server cannot tell, or speaks nonsense. */
  | { readonly kind: "failed" };

const headerBytes = 12;
const flags = { response: 0x8000, truncated: 0x0200, recursionDesired: 0x0100 } as const;
const noSuchName = 3;
const internet = 1;
const labelBytesMax = 63;
const nameBytesMax = 255;
const recordBytes = 10;

/**
 * A query for the addresses of a name; undefined if it cannot be one.
 * @param id two bytes that nobody can guess
 */
export function encodeQuery(id: number, name: string, version: 4 | 6): Buffer | undefined {
  const labels = name.split(".").map((label) => Buffer.from(label, "latin1"));
  const bytes = labels.reduce((sum, label) => sum + label.length + 1, 1);
  const isName = labels.every(({ length }) => length > 0 && length <= labelBytesMax);
  if (!isName || bytes > nameBytesMax) return undefined;
  const query = Buffer.alloc(headerBytes + bytes + 4);
  query.writeUInt16BE(id, 0);
  query.writeUInt16BE(flags.recursionDesired, 2);
  query.writeUInt16BE(1, 4);
  let at = headerBytes;
  for (const label of labels) {
    query.writeUInt8(label.length, at);
    query.set(label, at + 1);
    at += label.length + 1;
  }
  query.writeUInt16BE(dnsTypes[version], at + 1);
  query.writeUInt16BE(internet, at + 3);
  return query;
}

/** Whether a message answers this query, and no other. */
export function isAnswerTo(message: Uint8Array, query: Uint8Array): boolean {
  const answer = Buffer.from(message);
  if (answer.length < query.length || answer.readUInt16BE(0) !== Buffer.from(query).readUInt16BE(0))
    return false;
  const isResponse = (answer.readUInt16BE(2) & flags.response) !== 0;
  const asked = (bytes: Uint8Array): string =>
    Buffer.from(bytes.subarray(headerBytes, query.length)).toString("latin1").toLowerCase();
  return isResponse && answer.readUInt16BE(4) === 1 && asked(answer) === asked(query);
}

/** Reads a message for which {@link isAnswerTo} holds. Never throws, whatever it says. */
export function decodeAnswer(message: Uint8Array, query: Uint8Array, version: 4 | 6): DnsAnswer {
  const answer = Buffer.from(message);
  const bits = answer.readUInt16BE(2);
  if ((bits & flags.truncated) !== 0) return { kind: "truncated" };
  const code = bits & 0xf;
  if (code === noSuchName) return { kind: "none" };
  if (code !== 0) return { kind: "failed" };
  const addresses: string[] = [];
  let at: number | undefined = query.length;
  for (let left = answer.readUInt16BE(6); left > 0; left -= 1) {
    at = afterName(answer, at);
    if (at === undefined || at + recordBytes > answer.length) return { kind: "failed" };
    const size = answer.readUInt16BE(at + 8);
    const isWanted = answer.readUInt16BE(at) === dnsTypes[version];
    const data = answer.subarray(at + recordBytes, at + recordBytes + size);
    if (data.length !== size) return { kind: "failed" };
    const address = isWanted ? addressText(data) : undefined;
    if (address !== undefined) addresses.push(address);
    at += recordBytes + size;
  }
  return addresses.length === 0 ? { kind: "none" } : { kind: "found", addresses };
}

/** A pointer ends a name; what it points to is of no interest here. */
function afterName(message: Buffer, start: number): number | undefined {
  for (let at = start; at < message.length;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    if (length > labelBytesMax) return undefined;
    at += length + 1;
  }
  return undefined;
}

function addressText(data: Buffer): string | undefined {
  if (data.length === 4) return [...data].join(".");
  if (data.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(index * 2));
  return groups.map((group) => group.toString(16)).join(":");
}

import { createHash, hash } from "node:crypto";
import { deserialize, serialize } from "node:v8";

/** What one file of the cache holds. */
export interface CacheEntry {
  /** Plain values, Maps and bigints. */
  readonly header: unknown;
  readonly blobs: readonly Uint8Array<ArrayBuffer>[];
}

/** What an entry is for; one made for anything else is of no use. */
export interface EntryIdentity {
  /** Digest of the component. */
  readonly key: string;
  /** What is kept: one key may have entries of several kinds. */
  readonly kind: string;
  /** Everything that the contents depend on beside the component. */
  readonly version: string;
}

/**
 * ```
 * magic (8) | bytes of the envelope (u32, little endian) | envelope | blobs | SHA-256 of all (32)
 * ```
 * The envelope is a value in V8's serialisation: identity, header, sizes of the blobs.
 */
const magic = new TextEncoder().encode("whorlpc1");
const digestBytes = 32;
const lengthBytes = 4;
const pieceBytesMax = 1024 * 1024;

interface Envelope {
  readonly identity: EntryIdentity;
  readonly header: unknown;
  readonly sizes: readonly number[];
}

/**
 * The bytes of an entry, in pieces: whoever writes them can let others at work between two of them,
 * since tens of megabytes take their time to be digested.
 */
export function* encodeEntry(
  identity: EntryIdentity,
  { header, blobs }: CacheEntry,
): Generator<Uint8Array> {
  const envelope = serialize({ identity, header, sizes: blobs.map(({ length }) => length) });
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(envelope.length);
  const digest = createHash("sha256");
  for (const part of [magic, length, envelope, ...blobs]) {
    for (let at = 0; at < part.length; at += pieceBytesMax) {
      const piece = part.subarray(at, at + pieceBytesMax);
      digest.update(piece);
      yield piece;
    }
  }
  yield digest.digest();
}

/**
 * Reads an entry. Undefined when the bytes are anything else than what {@link encodeEntry} made for
 * this identity: cut short, damaged, of another version or another component. Blobs are views.
 */
export function decodeEntry(
  bytes: Uint8Array<ArrayBuffer>,
  identity: EntryIdentity,
): CacheEntry | undefined {
  const first = magic.length + lengthBytes;
  const end = bytes.length - digestBytes;
  if (end < first || magic.some((byte, index) => bytes[index] !== byte)) return undefined;
  if (Buffer.compare(sha256(bytes.subarray(0, end)), bytes.subarray(end)) !== 0) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(magic.length, true);
  if (length > end - first) return undefined;
  const envelope = deserialize(bytes.subarray(first, first + length)) as Envelope;
  const { key, kind, version } = envelope.identity;
  if (key !== identity.key || kind !== identity.kind || version !== identity.version) {
    return undefined;
  }
  let offset = first + length;
  const blobs = envelope.sizes.map((size) => bytes.subarray(offset, (offset += size)));
  return offset === end ? { header: envelope.header, blobs } : undefined;
}

function sha256(bytes: Uint8Array): Buffer {
  return hash("sha256", bytes, "buffer");
}

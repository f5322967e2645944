import { expect, test } from "vitest";
import { decodeEntry, encodeEntry, type EntryIdentity } from "./cache-entry.ts";

const identity: EntryIdentity = { key: "abc", kind: "prepared", version: "1" };
const entry = {
  header: { plan: new Map([["a", [1n, null, "text"]]]), names: ["x"] },
  blobs: [new Uint8Array([1, 2, 3]), new Uint8Array(0), new Uint8Array([4])],
};

function encoded(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([...encodeEntry(identity, entry)]));
}

test("an entry is read as it was written", () => {
  expect(decodeEntry(encoded(), identity)).toEqual(entry);
});

test("an entry that is cut short at any place is none", () => {
  const bytes = encoded();
  for (let length = 0; length < bytes.length; length++) {
    expect(decodeEntry(bytes.slice(0, length), identity)).toBeUndefined();
  }
});

test("an entry with any bit changed is none", () => {
  const bytes = encoded();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(decodeEntry(damaged, identity)).toBeUndefined();
  }
});

test("bytes behind an entry make it none", () => {
  expect(decodeEntry(new Uint8Array([...encoded(), 0]), identity)).toBeUndefined();
});

test.each<Partial<EntryIdentity>>([{ key: "abd" }, { kind: "ready" }, { version: "2" }])(
  "an entry for another %j is none",
  (other) => {
    expect(decodeEntry(encoded(), { ...identity, ...other })).toBeUndefined();
  },
);

import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeAnswer, encodeQuery, isAnswerTo } from "./dns-message.ts";

const id = 0x1234;

function query(name: string, version: 4 | 6 = 4): Buffer {
  return encodeQuery(id, name, version) ?? expect.fail(`${name} is no name`);
}

interface TestRecord {
  readonly type: number;
  readonly data: readonly number[];
}

/** An answer whose records name what was asked by a pointer. */
function answer(asked: Buffer, records: readonly TestRecord[], bits = 0x8180): Buffer {
  const head = Buffer.from(asked);
  head.writeUInt16BE(bits, 2);
  head.writeUInt16BE(records.length, 6);
  const encoded = records.map(({ type, data }) => {
    const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data]);
    return record;
  });
  return Buffer.concat([head, ...encoded]);
}

test("a query is as RFC 1035 says", () => {
  const expected = "123401000001000000000000" + "0161026263026465" + "00" + "0001" + "0001";
  expect(query("a.bc.de").toString("hex")).toBe(expected);
  expect(query("a.bc.de", 6).toString("hex").slice(-8)).toBe("001c0001");
});

test.each([
  ["nothing", ""],
  ["an empty label", "a..b"],
  ["a dot at the end", "a."],
  ["a long label", `${"a".repeat(64)}.b`],
  ["a long name", Array.from({ length: 64 }, () => "abc").join(".")],
])("%s cannot be asked for", (_what, name) => {
  expect(encodeQuery(id, name, 4)).toBeUndefined();
});

test.each([
  [4, [{ type: 1, data: [10, 0, 0, 7] }], ["10.0.0.7"]],
  [
    6,
    [{ type: 28, data: [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] }],
    ["fd00:0:0:0:0:0:0:1"],
  ],
  [
    4,
    [
      { type: 5, data: [1, 98, 0xc0, 14] },
      { type: 1, data: [10, 0, 0, 8] },
    ],
    ["10.0.0.8"],
  ],
] as const)("addresses of version %d, behind other records too", (version, records, addresses) => {
  const asked = query("a.bc", version);
  const message = answer(asked, records);
  expect(isAnswerTo(message, asked)).toBe(true);
  expect(decodeAnswer(message, asked, version)).toEqual({ kind: "found", addresses });
});

const asked = query("a.bc");

test.each([
  ["no such name", answer(asked, [], 0x8183), "none"],
  ["no address of this kind", answer(asked, []), "none"],
  ["an address of the other kind", answer(asked, [{ type: 28, data: [] }]), "none"],
  ["truncated", answer(asked, [], 0x8380), "truncated"],
  ["a server that fails", answer(asked, [], 0x8182), "failed"],
  [
    "more records than there are",
    answer(asked, [{ type: 1, data: [1, 2, 3, 4] }]).subarray(0, -3),
    "failed",
  ],
])("%s", (_what, message, kind) => {
  expect(decodeAnswer(message, asked, 4).kind).toBe(kind);
});

test.each([
  ["of another query", answer(query("a.bd"), [])],
  ["with another number", Buffer.concat([Buffer.from([9, 9]), answer(asked, []).subarray(2)])],
  ["that is a query", asked],
  ["that ends early", answer(asked, []).subarray(0, 11)],
])("a message %s is no answer", (_what, message) => {
  expect(isAnswerTo(message, asked)).toBe(false);
});

test("letters may be written as they like", () => {
  const message = answer(asked, []);
  message.write("A", 13);
  expect(isAnswerTo(message, asked)).toBe(true);
});

test("whatever a server says is read without a failure", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
      const message = Buffer.concat([answer(asked, []), rest]);
      message.writeUInt16BE(20, 6);
      expect(["found", "none", "failed"]).toContain(decodeAnswer(message, asked, 4).kind);
    }),
  );
});

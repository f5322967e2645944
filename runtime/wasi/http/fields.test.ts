import { describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { latin1 } from "./field-syntax.ts";
import { Fields } from "./fields.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

function fieldsOf(...lines: [string, string][]): Fields {
  const result = Fields.fromList(lines.map(([name, value]) => [name, bytes(value)]));
  if (result.tag === "err") throw new Error(result.val.tag);
  return result.val;
}

function lines(fields: Fields): [string, string][] {
  return fields.entries().map(([name, value]) => [name, latin1(value)]);
}

describe("lines that a guest gives", () => {
  test.each([
    ["a token", "x-Thing_1", "v", "ok"],
    ["all token characters", "!#$%&'*+-.^_`|~09azAZ", "v", "ok"],
    ["an empty value", "x", "", "ok"],
    ["a tab and high bytes", "x", "a\tb\u00e9\u00ff", "ok"],
    ["outer blanks", "x", " v ", "ok"],
    ["an empty name", "", "v", "invalid-syntax"],
    ["a blank in the name", "a b", "v", "invalid-syntax"],
    ["a colon in the name", "a:", "v", "invalid-syntax"],
    ["a pseudo-field", ":path", "v", "invalid-syntax"],
    ["a letter outside ASCII", "\u00e9", "v", "invalid-syntax"],
    ["a letter that lower-cases into ASCII", "\u212a", "v", "invalid-syntax"],
    ["a line feed in the value", "x", "a\nb", "invalid-syntax"],
    ["a carriage return in the value", "x", "a\rb", "invalid-syntax"],
    ["a zero in the value", "x", "a\0", "invalid-syntax"],
    ["a delete character", "x", "\u007f", "invalid-syntax"],
    ["a length", "Content-Length", "12", "ok"],
    ["the longest length", "content-length", "18446744073709551615", "ok"],
    ["a length above 64 bits", "content-length", "18446744073709551616", "invalid-syntax"],
    ["a length of 21 digits", "content-length", "000000000000000000001", "invalid-syntax"],
    ["a signed length", "content-length", "+5", "invalid-syntax"],
    ["a length with a blank", "content-length", " 5", "invalid-syntax"],
    ["no length", "content-length", "", "invalid-syntax"],
    ["Host", "Host", "a", "forbidden"],
    ["Connection", "Connection", "close", "forbidden"],
    ["Keep-Alive", "keep-alive", "1", "forbidden"],
    ["Transfer-Encoding", "Transfer-Encoding", "chunked", "forbidden"],
    ["Upgrade", "upgrade", "h2c", "forbidden"],
    ["Proxy-Connection", "proxy-connection", "close", "forbidden"],
    ["Proxy-Authenticate", "proxy-authenticate", "x", "forbidden"],
    ["Proxy-Authorization", "proxy-authorization", "x", "forbidden"],
    ["HTTP2-Settings", "http2-settings", "x", "forbidden"],
  ])("%s", (_, name, value, expected) => {
    const fromList = Fields.fromList([[name, bytes(value)]]);
    const appended = Fields.empty().append(name, bytes(value));
    const set = Fields.empty().set(name, [bytes(value)]);
    const outcomes = [fromList, appended, set].map(({ tag, val }) =>
      tag === "ok" ? "ok" : (val as { tag: string }).tag,
    );
    expect(outcomes).toEqual([expected, expected, expected]);
  });

  test("keep their order, with names in lower case", () => {
    const fields = fieldsOf(["B", "1"], ["a", "2"], ["b", "3"]);
    expect(lines(fields)).toEqual([
      ["b", "1"],
      ["a", "2"],
      ["b", "3"],
    ]);
  });
});

describe("reading", () => {
  const fields = fieldsOf(["Set-Cookie", "a"], ["x", "b"], ["set-cookie", "c"]);

  test.each([
    ["set-cookie", ["a", "c"]],
    ["SET-Cookie", ["a", "c"]],
    ["x", ["b"]],
    ["y", []],
    ["not a name", []],
  ])("get and has of %s", (name, expected) => {
    expect(fields.get(name).map(latin1)).toEqual(expected);
    expect(fields.has(name)).toBe(expected.length > 0);
  });
});

describe("changing", () => {
  test("set replaces all values of the name", () => {
    const fields = fieldsOf(["a", "1"], ["b", "2"], ["A", "3"]);
    fields.set("a", [bytes("4"), bytes("5")]);
    expect(lines(fields)).toEqual([
      ["b", "2"],
      ["a", "4"],
      ["a", "5"],
    ]);
  });

  test("set without values removes the name", () => {
    const fields = fieldsOf(["a", "1"]);
    expect(fields.set("a", []).tag).toBe("ok");
    expect(fields.has("a")).toBe(false);
  });

  test("one bad value leaves everything as it was", () => {
    const fields = fieldsOf(["a", "1"]);
    expect(fields.set("a", [bytes("2"), bytes("\n")]).tag).toBe("err");
    expect(lines(fields)).toEqual([["a", "1"]]);
  });

  test("delete", () => {
    const fields = fieldsOf(["a", "1"], ["b", "2"]);
    expect(fields.delete("A").tag).toBe("ok");
    expect(fields.delete("c").tag).toBe("ok");
    expect(fields.delete("c c")).toMatchObject({ val: { tag: "invalid-syntax" } });
    expect(fields.delete("host")).toMatchObject({ val: { tag: "forbidden" } });
    expect(lines(fields)).toEqual([["b", "2"]]);
  });

  test("a clone of immutable fields is mutable and independent", () => {
    const fields = fieldsOf(["a", "1"]).freeze();
    const clone = fields.clone();
    expect(clone.append("b", bytes("2")).tag).toBe("ok");
    expect(lines(fields)).toEqual([["a", "1"]]);
    expect(lines(clone)).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
  });

  test.each([
    ["set", (fields: Fields) => fields.set("b", [bytes("1")])],
    ["append", (fields: Fields) => fields.append("b", bytes("1"))],
    ["delete", (fields: Fields) => fields.delete("a")],
  ])("%s fails on immutable fields", (_, change) => {
    const fields = fieldsOf(["a", "1"]).freeze();
    expect(change(fields)).toEqual({ tag: "err", val: { tag: "immutable", val: undefined } });
    expect(lines(fields)).toEqual([["a", "1"]]);
  });
});

describe("the size", () => {
  const half = bytes("x".repeat(limits.headersBytesMax / 2));

  test("of a list traps above the bound", () => {
    expect(() =>
      Fields.fromList([
        ["a", half],
        ["b", half],
      ]),
    ).toThrow(/more than 131072 bytes/);
  });

  test("of appended lines traps above the bound, and shrinks with what is removed", () => {
    const fields = Fields.empty();
    fields.append("a", half);
    fields.set("a", [half]);
    fields.delete("a");
    fields.append("b", half);
    expect(() => fields.append("c", half)).toThrow(/more than 131072 bytes/);
    expect(() => fields.clone().append("c", half)).toThrow(/more than 131072 bytes/);
  });
});

test("received lines are immutable and without what belongs to the connection", () => {
  const fields = Fields.received([
    ["host", bytes("a")],
    ["accept", bytes("b")],
    ["connection", bytes("close")],
  ]);
  expect(lines(fields)).toEqual([["accept", "b"]]);
  expect(fields.append("x", bytes("y"))).toMatchObject({ val: { tag: "immutable" } });
});

test.each([
  [undefined, []],
  [12, [["Content-Length", "12"]]],
])("content-length %s", (expected, given) => {
  expect(fieldsOf(...(given as [string, string][])).contentLength()).toBe(expected);
});

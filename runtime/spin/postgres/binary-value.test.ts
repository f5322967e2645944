import { expect, test } from "vitest";
import { pgTypeOf, pgValueOf } from "./binary-value.ts";
import { dateOfDays, dateText, dateTimeText, timestampText } from "./calendar.ts";
import { checkMessage } from "./check-message.ts";
import { parameterText } from "./parameter-text.ts";

test.each([
  [16, [1], { tag: "boolean", val: true }],
  [23, [255, 255, 255, 254], { tag: "int32", val: -2 }],
  [25, [0xc3, 0xbc], { tag: "str", val: "ü" }],
  [1082, [0, 0, 0, 0], { tag: "date", val: [2000, 1, 1] }],
  [1700, [0, 1, 0, 0, 0x40, 0, 0, 2, 0, 5], { tag: "decimal", val: "-5.00" }],
  [1700, [0, 0, 0, 0, 0xc0, 0, 0, 0], { tag: "decimal", val: "NaN" }],
  [3904, [1], { tag: "range-int32", val: [undefined, undefined] }],
  [600, [1, 2], { tag: "unsupported", val: Uint8Array.of(1, 2) }],
])("type %i, bytes %j", (oid, bytes, value) => {
  expect(pgValueOf(oid, Buffer.from(bytes))).toEqual(value);
});

test.each([
  [23, [1]],
  [25, [0xff]],
  [1082, [0x7f, 0xff, 0xff, 0xff]],
  [1007, [0, 0, 0, 2]],
  [1007, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 4]],
  [3904, [0]],
  [3802, [2, 0x7b]],
  [1700, [0, 9, 0, 0, 0, 0, 0, 0]],
  [2950, [1, 2]],
])("type %i cannot have the bytes %j", (oid, bytes) => {
  expect(() => pgValueOf(oid, Buffer.from(bytes))).toThrow(Error);
});

test("names of types", () => {
  expect(pgTypeOf(23, String)).toEqual({ tag: "int32", val: undefined });
  expect(pgTypeOf(600, () => "point")).toEqual({ tag: "other", val: "point" });
});

test("each day of some centuries is one after the other", () => {
  const days = Array.from({ length: 100_000 }, (_, index) => dateText(dateOfDays(index - 40_000)));
  expect(days.findIndex((day, index) => index > 0 && day <= (days[index - 1] ?? ""))).toBe(-1);
  expect(new Date(days[99_999] ?? "").valueOf()).toBe(Date.UTC(2000, 0, 1) + 59_999 * 86_400_000);
  expect(dateText(dateOfDays(-730_119))).toBe("0001-01-01");
  expect(dateText(dateOfDays(-730_120))).toBe("0001-12-31 BC");
  expect(dateTimeText([-43, 3, 15, 1, 2, 3, 4000])).toBe("0044-03-15 01:02:03.000004 BC");
  expect(timestampText(-1n)).toBe("1969-12-31 23:59:59.000000+00");
});

test.each([
  [{ tag: "boolean", val: true }, "t"],
  [{ tag: "array-str", val: ['"', undefined] }, '{"\\"",NULL}'],
  [{ tag: "range-int32", val: [[1, "exclusive"], undefined] }, "(1,)"],
  [
    { tag: "interval", val: { micros: -1n, days: 2, months: -3 } },
    "-3 mons +2 days -0:00:00.000001",
  ],
  [{ tag: "db-null", val: undefined }, null],
] as const)("parameter %o", (parameter, text) => {
  expect(parameterText(parameter)).toBe(text);
});

test.each([
  ["E", [0x53]],
  ["E", [0x53, 0x45]],
  ["N", []],
  ["S", [0x61, 0]],
  ["C", [0x61]],
  ["A", [0, 0, 0, 1, 0x61]],
  ["R", [0, 0, 0, 10, 0x61]],
  ["T", [0, 1, 0x61, 0]],
])("message %s without its end: %j", (type, body) => {
  const message = Buffer.from([type.charCodeAt(0), 0, 0, 0, 4 + body.length, ...body]);
  expect(() => checkMessage(message)).toThrow("broken message");
});

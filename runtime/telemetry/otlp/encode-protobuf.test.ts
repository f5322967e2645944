import { expect, test } from "vitest";
import { encodeProtobuf } from "./encode-protobuf.ts";
import { exportRequests } from "./otlp-schema.ts";
import { rejectedItems } from "./partial-success.ts";

function hexOf(value: Record<string, unknown>, signal: keyof typeof exportRequests): string {
  return Buffer.from(encodeProtobuf(exportRequests[signal], value)).toString("hex");
}

test("a span, byte by byte", () => {
  const span = {
    traceId: "0102030405060708090a0b0c0d0e0f10",
    spanId: "1112131415161718",
    name: "a",
    kind: 2,
    startTimeUnixNano: "18446744073709551615",
    attributes: [{ key: "k", value: { intValue: "-1" } }],
    status: { message: "x", code: 2 },
  };
  const value = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
  const body = [
    "0a10" + "0102030405060708090a0b0c0d0e0f10",
    "1208" + "1112131415161718",
    "2a0161",
    "3002",
    "39ffffffffffffffff",
    // int64 -1 takes ten bytes.
    "4a10" + "0a016b" + "120b" + "18ffffffffffffffffff01",
    "7a05" + "120178" + "1802",
  ].join("");
  const length = (hex: string): string => (hex.length / 2).toString(16).padStart(2, "0");
  const inSpan = `12${length(body)}${body}`;
  const inScope = `12${length(inSpan)}${inSpan}`;
  expect(hexOf(value, "traces")).toBe(`0a${length(inScope)}${inScope}`);
});

test("packed numbers, doubles and what the schema lacks", () => {
  const point = {
    count: "3",
    sum: 0.5,
    bucketCounts: ["1", "2"],
    explicitBounds: [1],
    unknown: "left out",
  };
  const value = {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ histogram: { dataPoints: [point] } }] }] }],
  };
  expect(hexOf(value, "metrics")).toContain(
    [
      "210300000000000000",
      "29000000000000e03f",
      "3210" + "01000000000000000200000000000000",
      "3a08" + "000000000000f03f",
    ].join(""),
  );
});

const json = "application/json; charset=utf-8";

test.each<[string, Buffer, string | undefined, number]>([
  ["nothing", Buffer.alloc(0), undefined, 0],
  [
    "protobuf: 300 of them",
    Buffer.from("0a070 8ac021202686d".replace(" ", ""), "hex"),
    "application/x-protobuf",
    300,
  ],
  [
    "protobuf: a warning only",
    Buffer.from("0a04120268 6d".replace(" ", ""), "hex"),
    "application/x-protobuf",
    0,
  ],
  ["JSON", Buffer.from('{"partialSuccess":{"rejectedSpans":"12"}}'), json, 12],
  ["JSON without", Buffer.from("{}"), json, 0],
  ["JSON that is none", Buffer.from("<html>"), json, 0],
  [
    "JSON with a nonsensical count",
    Buffer.from('{"partialSuccess":{"rejectedSpans":-4}}'),
    json,
    0,
  ],
  ["a page", Buffer.from("<html>garbage</html>"), "text/html", 0],
  ["cut off", Buffer.from("0a", "hex"), "application/x-protobuf", 0],
  ["an endless number", Buffer.from("0affffffffffffffff", "hex"), "application/x-protobuf", 0],
])("rejected items of %s", (_, body, type, expected) => {
  expect(rejectedItems(body, type)).toBe(expected);
});

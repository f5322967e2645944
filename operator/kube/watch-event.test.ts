import { expect, test } from "vitest";
import { LineDecoder } from "./line-decoder.ts";
import { parseWatchEvent } from "./watch-event.ts";

const text = '{"a":"ä€𝄞"}\n\n{"b":2}\r\nrest';

test.each([1, 2, 3, 7, 1000])("lines come whole, whatever the chunks (%i bytes)", (size) => {
  const decoder = new LineDecoder(100);
  const bytes = Buffer.from(text);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    lines.push(...decoder.push(bytes.subarray(at, at + size)));
  }
  expect(lines).toEqual(['{"a":"ä€𝄞"}', '{"b":2}\r']);
  expect(decoder.pendingBytes).toBe(4);
});

test("a line without end is refused, not kept", () => {
  const decoder = new LineDecoder(10);
  decoder.push(Buffer.from("12345678"));
  expect(() => decoder.push(Buffer.from("901"))).toThrow(/larger than 10 bytes/);
});

test.each([
  {
    line: '{"type":"ADDED","object":{"metadata":{"name":"a"}}}',
    event: { type: "ADDED", object: { metadata: { name: "a" } } },
  },
  {
    line: '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}',
    event: { type: "BOOKMARK", resourceVersion: "7", initialEventsEnd: false },
  },
  {
    line: '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}',
    event: { type: "BOOKMARK", resourceVersion: "7", initialEventsEnd: true },
  },
])("event: $line", ({ line, event }) => {
  expect(parseWatchEvent(line, "GET /x")).toEqual(event);
});

test.each([
  { line: "", error: { code: "protocol" } },
  { line: "{", error: { code: "protocol" } },
  { line: "null", error: { code: "protocol" } },
  { line: "[]", error: { code: "protocol" } },
  { line: '{"type":"ADDED"}', error: { code: "protocol" } },
  { line: '{"type":"ADDED","object":null}', error: { code: "protocol" } },
  { line: '{"type":"ADDED","object":{}}', error: { code: "protocol" } },
  { line: '{"type":"MODIFIED","object":{"metadata":{}}}', error: { code: "protocol" } },
  { line: '{"type":"RENAMED","object":{}}', error: { code: "protocol" } },
  { line: '{"type":"BOOKMARK","object":{"metadata":{}}}', error: { code: "protocol" } },
  { line: '{"type":"BOOKMARK","object":{}}', error: { code: "protocol" } },
  {
    line: '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}',
    error: { code: "api", reason: "Expired", message: "GET /x: too old" },
  },
  { line: '{"type":"ERROR","object":{"code":410}}', error: { reason: "Expired" } },
  { line: '{"type":"ERROR","object":{}}', error: { reason: "Unknown" } },
])("bad: $line", ({ line, error }) => {
  expect(() => parseWatchEvent(line, "GET /x")).toThrow(expect.objectContaining(error));
});

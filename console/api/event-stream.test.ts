import { expect, test } from "vitest";
import { EventStreamDecoder } from "./event-stream.ts";

test.each([
  { name: "an event", text: "event: usage\ndata: {}\n\n", events: [["usage", "{}"]] },
  { name: "no space", text: "event:usage\ndata:1\n\n", events: [["usage", "1"]] },
  { name: "no name", text: "data: 1\n\n", events: [["message", "1"]] },
  { name: "two lines", text: "data: a\ndata: b\n\n", events: [["message", "a\nb"]] },
  { name: "a comment", text: ": still here\n\n", events: [] },
  { name: "no data", text: "event: usage\n\n", events: [] },
  { name: "other fields", text: "id: 7\nretry: 1\ndata: x\n\n", events: [["message", "x"]] },
  { name: "carriage returns", text: "event: a\r\ndata: 1\r\n\r\n", events: [["a", "1"]] },
  {
    name: "several",
    text: "data: 1\n\n: c\n\ndata: 2\n\ndata: 3",
    events: [
      ["message", "1"],
      ["message", "2"],
    ],
  },
])("$name, whole and byte by byte", ({ text, events }) => {
  const expected = events.map(([event, data]) => ({ event, data }));
  expect(new EventStreamDecoder().push(text)).toEqual(expected);
  const decoder = new EventStreamDecoder();
  const found = Array.from(text).flatMap((character) => decoder.push(character));
  expect(found).toEqual(expected);
});

test("an event without end is refused", () => {
  const decoder = new EventStreamDecoder();
  const much = "x".repeat(16 * 1024 * 1024);
  decoder.push(`data: ${much}`);
  expect(() => decoder.push(much)).toThrow("no end");
});

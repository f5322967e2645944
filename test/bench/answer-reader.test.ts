import { expect, test } from "vitest";
import { AnswerReader } from "./answer-reader.ts";

const known = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const chunked =
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n2\r\n10\r\n0\r\n\r\n";
const empty = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n";
const noChunks = "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
const none = "HTTP/1.1 204 No Content\r\n\r\n";

test.each([
  ["a length", known, 200],
  ["chunks", chunked, 200],
  ["a length of nothing", empty, 503],
  ["no chunk at all", noChunks, 201],
  ["no body", none, 204],
])("an answer with %s ends with its last byte, however it arrives", (_what, answer, status) => {
  for (const size of [1, 3, 7, answer.length]) {
    const reader = new AnswerReader();
    // Two on the same connection.
    for (let turn = 0; turn < 2; turn++) {
      const seen: (number | undefined)[] = [];
      for (let at = 0; at < answer.length; at += size) {
        seen.push(reader.add(Buffer.from(answer.slice(at, at + size))));
      }
      expect(seen.at(-1)).toBe(status);
      expect(seen.slice(0, -1).every((each) => each === undefined)).toBe(true);
    }
  }
});

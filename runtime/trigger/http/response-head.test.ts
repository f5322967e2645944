import { describe, expect, test } from "vitest";
import { WhorlError } from "../../error.ts";
import { headerLines } from "./request-headers.ts";
import { responseHead, trailerLines } from "./response-head.ts";

describe("responseHead", () => {
  test("keeps order, duplicates and bytes", () => {
    const headers = headerLines(["set-cookie", "a", "x", "\u00ff", "set-cookie", "b"]);
    expect(responseHead("GET", 201, headers)).toEqual({
      head: {
        status: 201,
        headers: ["set-cookie", "a", "x", "\u00ff", "set-cookie", "b"],
        hasBody: true,
        hasTrailerField: false,
      },
      contentLength: undefined,
    });
  });

  test.each(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"])(
    "leaves %s to the server",
    (name) => {
      expect(responseHead("GET", 200, headerLines([name, "x"])).head.headers).toEqual([]);
    },
  );

  test.each([
    ["GET", 200, true],
    ["POST", 500, true],
    ["HEAD", 200, false],
    ["GET", 204, false],
    ["GET", 304, false],
  ])("%s answered with %d has a body: %s", (method, status, hasBody) => {
    expect(responseHead(method, status, []).head.hasBody).toBe(hasBody);
  });

  test.each([
    [["content-length", "0"], 0],
    [["content-length", "17"], 17],
    [["content-length", "17", "content-length", "17"], 17],
  ])("%j", (rawHeaders, contentLength) => {
    const result = responseHead("GET", 200, headerLines(rawHeaders));
    expect(result.contentLength).toBe(contentLength);
    expect(result.head.headers).toEqual(rawHeaders.slice(0, 2));
  });

  test.each([
    [["content-length", ""]],
    [["content-length", "-1"]],
    [["content-length", "1, 1"]],
    [["content-length", "1e3"]],
    [["content-length", "9999999999999999"]],
    [["content-length", "1", "content-length", "2"]],
  ])("refuses %j", (rawHeaders) => {
    expect(() => responseHead("GET", 200, headerLines(rawHeaders))).toThrow(WhorlError);
  });

  test.each([0, 100, 101, 199, 1000])("refuses the status %d", (status) => {
    expect(() => responseHead("GET", status, [])).toThrow(WhorlError);
  });
});

describe("trailerLines", () => {
  test("keeps order, duplicates and bytes", () => {
    const raw = ["x-end", "1", "constructor", "a", "__proto__", "b", "x-end", "\u00ff"];
    expect(trailerLines(headerLines(raw)).flat()).toEqual(raw);
  });

  test.each([
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
  ])("leaves %s out", (name) => {
    expect(trailerLines(headerLines([name, "1", "x", "y"]))).toEqual([["x", "y"]]);
  });

  test.each([
    ["a name with a space", "a b", "x"],
    ["a name in capitals", "A", "x"],
    ["a pseudo-header", ":status", "200"],
    ["no name", "", "x"],
    ["a line break in the value", "x", "a\r\nb: c"],
    ["a NUL in the value", "x", "\0"],
  ])("refuses %s", (_what, name, value) => {
    expect(() => trailerLines([[name, Buffer.from(value, "latin1")]])).toThrow(WhorlError);
  });
});

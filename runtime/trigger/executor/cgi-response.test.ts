import { describe, expect, test } from "vitest";
import { limits } from "../../limits.ts";
import { cgiResponse } from "./cgi-response.ts";

function responseTo(output: string): { status: number; headers: string[]; body: string } {
  const { status, headers, body } = cgiResponse(Buffer.from(output));
  return {
    status,
    headers: headers.map(([name, value]) => `${name}: ${Buffer.from(value).toString()}`),
    body: Buffer.from(body).toString(),
  };
}

describe("cgiResponse", () => {
  test.each([
    ["content-type: a/b\n\nhello", 200, ["content-type: a/b"], "hello"],
    ["Content-Type: a/b\r\n\r\nhello\r\n", 200, ["content-type: a/b"], "hello\r\n"],
    ["status: 404 Not Found\n\n", 404, [], ""],
    ["status: 204\n\n", 204, [], ""],
    ["status: nonsense\n\n", 502, [], ""],
    ["status: 99\n\n", 502, [], ""],
    ["location: /x\n\n", 302, ["location: /x"], ""],
    ["location: /x\nstatus: 301\n\n", 301, ["location: /x"], ""],
    ["content-type: a\nx: 1\nx: 2\nno header\nb d: 3\n\n", 200, ["content-type: a", "x: 2"], ""],
    ["content-type: gr\u00fc\u00df\n\n", 200, ["content-type: gr\u00fc\u00df"], ""],
    ["content-type: a\n\n\n\nx", 200, ["content-type: a"], "\n\nx"],
    ["content-type: a\n", 200, ["content-type: a"], ""],
    ["content-type: a", 200, ["content-type: a"], ""],
  ])("%j", (output, status, headers, body) => {
    expect(responseTo(output)).toEqual({ status, headers, body });
  });

  test.each([
    ["", /it wrote nothing/],
    ["hello", /has to set content-type, status or location/],
    ["\n\nhello", /has to set content-type, status or location/],
    ["x: y\n\nhello", /has to set content-type, status or location/],
    ["x".repeat(limits.headersBytesMax + 1), /more than 131072 bytes before an empty line/],
    [`a: ${"x".repeat(limits.headersBytesMax)}\n\n`, /more than 131072 bytes before an empty line/],
  ])("refuses %.20j", (output, message) => {
    expect(() => responseTo(output)).toThrow(message);
  });
});

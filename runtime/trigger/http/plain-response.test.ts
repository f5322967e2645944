import { describe, expect, test } from "vitest";
import { WhorlError } from "../../error.ts";
import { staticResponse, wellKnownResponses } from "./plain-response.ts";

type Headers = readonly (readonly [string, string])[];

function fixed(status: number, headers: Headers, body = "hi"): ReturnType<typeof staticResponse> {
  return staticResponse({ kind: "static", status, headers, body: Buffer.from(body) }, "trigger");
}

describe("staticResponse", () => {
  test.each([
    [200, [], ["content-length", "2"]],
    [
      404,
      [
        ["X-A", "1"],
        ["X-A", "2"],
      ],
      ["X-A", "1", "X-A", "2", "content-length", "2"],
    ],
    [
      200,
      [
        ["Content-Length", "9"],
        ["Transfer-Encoding", "x"],
      ],
      ["content-length", "2"],
    ],
    [200, [["x", "caf\u00e9"]], ["x", "caf\u00c3\u00a9", "content-length", "2"]],
    [304, [["etag", "x"]], ["etag", "x"]],
  ] as [number, Headers, string[]][])("%d with %j", (status, headers, expected) => {
    expect(fixed(status, headers)).toMatchObject({ status, headers: expected });
  });

  test.each([
    [100, []],
    [600, []],
    [200, [["a b", "c"]]],
    [200, [["a", "b\nc"]]],
  ] as [number, Headers][])("refuses %d with %j", (status, headers) => {
    expect(() => fixed(status, headers)).toThrow(WhorlError);
  });
});

test.each([
  [{ name: "a", version: undefined, ociImageDigest: undefined }, '{\n  "name": "a"\n}'],
  [
    { name: "a", version: "1", ociImageDigest: "sha256:0" },
    '{\n  "name": "a",\n  "version": "1",\n  "oci_image_digest": "sha256:0"\n}',
  ],
])("the info of %j", (app, expected) => {
  const info = wellKnownResponses(app).get("/.well-known/spin/info");
  expect(Buffer.from(info?.body ?? []).toString()).toBe(expected);
  expect(info?.headers.slice(0, 2)).toEqual(["content-type", "application/json"]);
});

import { describe, expect, test } from "vitest";
import { bearerToken, foreignRequest, tokenAccess } from "./console-access.ts";

describe("foreignRequest", () => {
  test.each<[string, Record<string, string>]>([
    ["an address", { host: "127.0.0.1:9000" }],
    ["without port", { host: "127.0.0.1" }],
    ["IPv6", { host: "[::1]:9000" }],
    ["this machine", { host: "localhost:9000" }],
    ["a name below localhost", { host: "shop.localhost:9000" }],
    ["a name that was given", { host: "Box.Example:9000" }],
    ["its own page", { host: "localhost:9000", origin: "http://localhost:9000" }],
    ["its own page, as the browser says", { host: "localhost", "sec-fetch-site": "same-origin" }],
    ["typed into the address bar", { host: "localhost", "sec-fetch-site": "none" }],
  ])("lets through %s", (_, headers) => {
    expect(foreignRequest(headers, ["box.example"])).toBeUndefined();
  });

  test.each<[string, Record<string, string>]>([
    ["no Host", {}],
    ["an empty Host", { host: "" }],
    ["a stranger's name that leads here", { host: "evil.example:9000" }],
    ["a name that only begins like ours", { host: "localhost.evil.example" }],
    ["a name that only ends like ours", { host: "evil-localhost" }],
    ["what is no host", { host: "a b" }],
    ["a user in it", { host: "localhost@evil.example" }],
    ["a script on a terminal", { host: "\u001b[2J" }],
    ["a stranger's page", { host: "localhost:9000", origin: "https://evil.example" }],
    ["another port's page", { host: "localhost:9000", origin: "http://localhost:3000" }],
    ["a sandboxed page", { host: "localhost:9000", origin: "null" }],
    ["a stranger's image", { host: "localhost:9000", "sec-fetch-site": "cross-site" }],
    ["another port's image", { host: "localhost:9000", "sec-fetch-site": "same-site" }],
  ])("refuses %s", (_, headers) => {
    expect(foreignRequest(headers, ["box.example"])).toMatchObject({ kind: "forbidden" });
  });
});

test.each([
  ["Bearer abc_-.~+/=", "abc_-.~+/="],
  ["bearer x", "x"],
  ["Basic abc", undefined],
  ["Bearer a b", undefined],
  ["Bearer ", undefined],
  [undefined, undefined],
])("the token of %j is %j", (authorization, expected) => {
  expect(bearerToken(authorization === undefined ? {} : { authorization })).toBe(expected);
});

test("only the token itself is let in", async () => {
  const authorize = tokenAccess("secret");
  expect(await authorize("secret")).toEqual({ kind: "granted" });
  for (const wrong of [undefined, "", "secre", "secret2", "SECRET"]) {
    expect(await authorize(wrong)).toMatchObject({ kind: "unauthorized" });
  }
});

import { expect, test } from "vitest";
import { parseChallenges } from "./auth-challenge.ts";
import { formatReference, parseReference, registryHost } from "./reference.ts";
import { parseRetryAfter } from "./retry.ts";
import { parsePlatform, selectPlatform } from "./select-platform.ts";

const digest = `sha256:${"a".repeat(64)}`;

test.each([
  ["app", "docker.io/library/app:latest"],
  ["ann/app", "docker.io/ann/app:latest"],
  ["index.docker.io/ann/app:1", "docker.io/ann/app:1"],
  ["localhost/app", "localhost/app:latest"],
  ["reg.example/a/b_c/d--e:v1.2-x", "reg.example/a/b_c/d--e:v1.2-x"],
  ["127.0.0.1:5000/app", "127.0.0.1:5000/app:latest"],
  ["[::1]:5000/app:x", "[::1]:5000/app:x"],
  [`reg.example/app@${digest}`, `reg.example/app@${digest}`],
  [`reg.example/app:v1@${digest}`, `reg.example/app:v1@${digest}`],
])("parseReference of %s", (text, expected) => {
  expect(formatReference(parseReference(text))).toBe(expected);
});

test.each([
  ["", /no repository/],
  ["App", /no repository/],
  ["reg.example/", /no repository/],
  ["reg.example/a//b", /no repository/],
  ["reg.example/../etc", /no repository/],
  ["reg.example/app:", /no tag/],
  ["reg.example/app:a/b", /no tag/],
  ["reg.example/app@sha256:abc", /no digest/],
  ["reg_.example/app", /no host/],
  ["reg.example:port/app", /no host/],
  [`reg.example/${"a".repeat(300)}`, /no repository/],
])("parseReference refuses %s", (text, message) => {
  expect(() => parseReference(text)).toThrow(message);
});

test("registryHost knows where Docker Hub is", () => {
  expect([registryHost("docker.io"), registryHost("x:1")]).toEqual(["registry-1.docker.io", "x:1"]);
});

test.each([
  ['Basic realm="x"', [["basic", { realm: "x" }]]],
  ["Negotiate", [["negotiate", {}]]],
  [
    'Bearer realm="https://a/t?x=1",service="a, b",scope="r:x:pull,push"',
    [["bearer", { realm: "https://a/t?x=1", service: "a, b", scope: "r:x:pull,push" }]],
  ],
  [
    'Basic realm="a\\"b", Bearer realm=https://x/y',
    [
      ["basic", { realm: 'a"b' }],
      ["bearer", { realm: "https://x/y" }],
    ],
  ],
  ["", []],
  ["= = =", []],
])("parseChallenges of %s", (header, expected) => {
  const found = parseChallenges(header).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
  expect(found).toEqual(expected);
});

test.each([
  [undefined, undefined],
  ["7", 7000],
  ["Thu, 01 Jan 1970 00:00:10 GMT", 9000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["soon", undefined],
])("parseRetryAfter of %s", (value, expected) => {
  expect(parseRetryAfter(value, 1000)).toBe(expected);
});

test("selectPlatform says what there is", () => {
  const platform = parsePlatform("linux/arm64");
  const entry = { mediaType: "m", digest: "sha256:x", size: 1, platform } as const;
  const index = { mediaType: "i", manifests: [entry] };
  expect(() => selectPlatform(index, { wanted: undefined, machine: "amd64" })).toThrow(
    /no manifest for wasip2\/wasm or .*linux\/amd64; the index has linux\/arm64/,
  );
  expect(selectPlatform(index, { wanted: platform, machine: "amd64" })).toBe(entry);
  expect(() => parsePlatform("linux")).toThrow(/no platform/);
});

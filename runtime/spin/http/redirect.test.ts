import { expect, test } from "vitest";
import type { OutboundCall } from "./outbound-call.ts";
import { nextRequest } from "./redirect.ts";

const headers = [
  ["Authorization", "secret"],
  ["Content-Type", "text/plain"],
  ["x-a", "b"],
] as const;
const body = new Uint8Array([1]);
const call: OutboundCall = { method: "POST", url: new URL("http://a:1/b/c"), headers, body };

function next(status: number, location: string | undefined, method = "POST"): object | undefined {
  const answered = location === undefined ? [] : [["location", location] as const];
  const found = nextRequest(
    { ...call, method },
    { status, headers: answered, body: new Uint8Array() },
  );
  if (found === undefined) return undefined;
  const names = found.headers.map(([name]) => name);
  return { method: found.method, url: found.url.href, names, hasBody: found.body !== undefined };
}

test.each([200, 201, 300, 304, 305, 400])("%i asks for nothing", (status) => {
  expect(next(status, "/d")).toBeUndefined();
});

test.each([undefined, "http://["])("a location %j leads nowhere", (location) => {
  expect(next(302, location)).toBeUndefined();
});

test.each([
  [301, "d", "http://a:1/b/d", "GET", ["Authorization", "x-a"], false],
  [303, "/d", "http://a:1/d", "GET", ["Authorization", "x-a"], false],
  [302, "http://a:2/", "http://a:2/", "GET", ["x-a"], false],
  [307, "//e/", "http://e/", "POST", ["Content-Type", "x-a"], true],
  [308, "/d", "http://a:1/d", "POST", ["Authorization", "Content-Type", "x-a"], true],
] as const)("%i to %s", (...[status, location, url, method, names, hasBody]) => {
  expect(next(status, location)).toEqual({ url, method, names, hasBody });
});

test("HEAD stays HEAD", () => {
  expect(next(302, "/d", "HEAD")).toMatchObject({ method: "HEAD" });
});

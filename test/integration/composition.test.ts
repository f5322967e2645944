import { afterAll, beforeAll, expect, test } from "vitest";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

let whorl: WhorlProcess;

beforeAll(async () => {
  whorl = await WhorlProcess.up(wasmApp("composed-rust"));
});

afterAll(() => whorl[Symbol.asyncDispose]());

test.each([
  // A dependency that is not let see the environment of its user, and one that is.
  ["/plain/ann", "Hello, plain/ann! (passed 0 times)", null],
  ["/welcome/ann", "Welcome, welcome/ann! (passed 0 times)", null],
  ["/loud/ann", "HELLO, LOUD/ANN! (PASSED 2 TIMES)", "yes, yes"],
])("%s", async (path, text, shouted) => {
  const response = await fetch(`${whorl.url}${path}`);
  expect(await response.text()).toBe(text);
  expect(response.headers.get("x-shouted")).toBe(shouted);
  expect(response.status).toBe(200);
});

test("many requests at once pass through middleware without meeting", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
  const texts = await Promise.all(
    names.map(async (name) => (await fetch(`${whorl.url}/loud/${name}`)).text()),
  );
  expect(texts).toEqual(names.map((name) => `HELLO, LOUD/${name.toUpperCase()}! (PASSED 2 TIMES)`));
});

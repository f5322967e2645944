import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { dirOptions } from "./dir-flags.ts";

const app = { from: ".", components: [], findFreePort: false };

test("without --dir one app is meant", () => {
  expect(dirOptions({ portPerApp: true }, app)).toBeUndefined();
});

test("what is not said follows the machine", () => {
  const cores = availableParallelism();
  const found = dirOptions({ dir: "apps" }, app);
  expect(found).toMatchObject({ folder: "apps", isPortPerApp: false, workersPerAppMax: cores });
  expect(found?.workersMin).toBe(cores);
  expect(found?.workersMax).toBeGreaterThanOrEqual(cores);
  expect(found?.residentBytesMax).toBeGreaterThan(0);
});

test("with one worker every bound is one", () => {
  expect(dirOptions({ dir: "apps", maxWorkers: 1 }, app)).toMatchObject({
    ...{ workersMin: 1, workersMax: 1, workersPerAppMax: 1 },
  });
});

test.each([
  [{ from: "hello" }, /an app \(hello\) and --dir are named/],
  [{ components: ["a"] }, /--component-id is for one app/],
  [{ tls: { certFile: "c", keyFile: "k" } }, /--dir serves without TLS/],
  [{ findFreePort: true }, /--find-free-port is for one app/],
])("%j contradicts --dir", (more, message) => {
  expect(() => dirOptions({ dir: "apps" }, { ...app, ...more })).toThrow(message);
});

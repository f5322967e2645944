import { beforeEach, expect, test } from "vitest";
import { ServedApp } from "./served-app.ts";

let app: ServedApp;
let told: string[];

beforeEach(() => {
  app = new ServedApp();
  told = [];
});

/** Tells when it is closed, and whether that is to be at once. */
function started(exited?: Promise<number>, lastRequestMs?: number) {
  const close = async (signal?: AbortSignal): Promise<void> => {
    told.push(`closed${signal?.aborted === true ? " at once" : ""}`);
  };
  return { url: "http://here", exited, lastRequestMs, close };
}

function serve(starting: Promise<ReturnType<typeof started>>): Promise<number | undefined> {
  return app.serve(starting, (url) => void told.push(`runs at ${url}`));
}

test("an app that serves has no status", async () => {
  expect(await serve(Promise.resolve(started()))).toBeUndefined();
  expect(told).toEqual(["runs at http://here"]);
});

test("a command ends with its own status", async () => {
  expect(await serve(Promise.resolve(started(Promise.resolve(7))))).toBe(7);
});

test("a command that is told to end meanwhile has none", async () => {
  const exited = Promise.withResolvers<number>();
  const status = serve(Promise.resolve(started(exited.promise)));
  await app.drain();
  exited.resolve(7);
  expect(await status).toBeUndefined();
  expect(told).toEqual(["runs at http://here", "closed"]);
});

test("one that cannot be started rejects, and has nothing to drain", async () => {
  await expect(serve(Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(told).toEqual([]);
});

test("one that is still starting is given up", async () => {
  const starting = Promise.withResolvers<ReturnType<typeof started>>();
  void serve(starting.promise);
  await app.drain();
  expect(told).toEqual([]);
});

test("one that was never served is drained and cut off at once", async () => {
  await app.drain();
  await app.cutOff();
  expect(told).toEqual([]);
});

test("cutting off ends the wait for last requests, and closes once", async () => {
  void serve(Promise.resolve(started(undefined, performance.now())));
  await Promise.resolve();
  const drained = app.drain();
  await app.cutOff();
  await drained;
  expect(told).toEqual(["runs at http://here", "closed at once"]);
});

test("what still starts is closed when it is there, if it is cut off", async () => {
  const starting = Promise.withResolvers<ReturnType<typeof started>>();
  void serve(starting.promise);
  const gone = app.cutOff();
  starting.resolve(started());
  await gone;
  expect(told).toContain("closed at once");
});

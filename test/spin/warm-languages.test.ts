import { join } from "node:path";
import { expect, test } from "vitest";
import { closedContext, GuestApp } from "../isolation/guest-app.ts";
import { MemoryRecorder } from "../isolation/memory-recorder.ts";
import { TemporaryFolder } from "../temporary-folder.ts";
import { buildPythonApp } from "../wasm-apps/build-python.ts";
import { buildTypescriptApp } from "../wasm-apps/build-typescript.ts";
import { WhorlProcess } from "../whorl-process.ts";

const secret = "TOP-SECRET-";

test("Python begins warm where random numbers may be shared, also from the cache", async () => {
  using cache = new TemporaryFolder({});
  const args = ["--isolated", "--cache-dir", cache.path, "--warm", "/", "--warm-shares", "random"];
  for (const _process of ["first", "second"]) {
    await using whorl = await WhorlProcess.up(buildPythonApp("hello-python"), args);
    const answers = await Promise.all(
      ["", "ada", "eve"].map(async (name) => await (await fetch(`${whorl.url}/${name}`)).text()),
    );
    const names = ["Whorl", "ada", "eve"];
    expect(answers).toEqual(names.map((name) => `Hello from Python, ${name}\n`));
    expect(whorl.stderr).toBe("");
  }
});

test("Python that was given random numbers begins cold otherwise", async () => {
  await using whorl = await WhorlProcess.up(buildPythonApp("hello-python"), ["--warm", "/"]);
  expect(await whorl.output("stderr", /begins cold, .*random numbers.*with "random"/)).not.toBe("");
  expect(await (await fetch(whorl.url)).text()).toBe("Hello from Python, Whorl\n");
});

test("no memory of a warmed up Python holds anything of an earlier request", async () => {
  using recorder = new MemoryRecorder();
  const file = join(buildPythonApp("hello-python"), "dist/app.wasm");
  using app = await GuestApp.load(file, () => closedContext());
  const { warmth, asked } = await app.warmUp([{ path: "/warm-up" }]);
  expect(warmth).toEqual({ kind: "warm" });
  expect(asked).toContain("random numbers");
  // The recorder was not asked for that one.
  app.pool.trim();
  for (let index = 0; index < 60; index++) {
    const leases = [
      recorder.take(app.pool, closedContext()),
      recorder.take(app.pool, closedContext()),
    ];
    for (const lease of leases) {
      using _owned = lease;
      expect(recorder.holds(lease, secret)).toBe(false);
      const name = `${secret}${index}`;
      const { text } = await app.drive(lease.instance, { path: `/${name}` });
      expect(text).toBe(`Hello from Python, ${name}\n`);
      expect(recorder.holds(lease, secret)).toBe(true);
    }
  }
});

test("JavaScript answers once in an instance, and so begins cold", async () => {
  const args = ["--warm", "/", "--warm-shares", "time,random"];
  await using whorl = await WhorlProcess.up(buildTypescriptApp(), args);
  expect(await whorl.output("stderr", /begins cold, .*answers but once/)).not.toBe("");
  for (const _request of [1, 2]) expect((await fetch(whorl.url)).status).toBe(200);
});

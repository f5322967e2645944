import { expect, test } from "vitest";
import { buildTypescriptApp } from "../wasm-apps/build-typescript.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

test.each([
  { name: "an app's folder", path: "hello-rust" },
  { name: "a manifest", path: "hello-rust/spin.toml" },
  { name: "a component alone", path: "hello-rust/hello.wasm" },
])("up serves $name", async ({ path }) => {
  await using whorl = await WhorlProcess.up(wasmApp(path));
  const response = await fetch(whorl.url);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain");
  expect(await response.text()).toBe("Hello from Whorl\n");
});

test("up serves a component made from TypeScript", async () => {
  await using whorl = await WhorlProcess.up(buildTypescriptApp());
  for (let round = 0; round < 3; round++) {
    const response = await fetch(whorl.url);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("Hello from TypeScript on Whorl\n");
  }
});

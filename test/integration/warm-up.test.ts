import { expect, test } from "vitest";
import { TemporaryFolder } from "../temporary-folder.ts";
import { runWhorl, wasmApp, WhorlProcess } from "../whorl-process.ts";

async function text(whorl: WhorlProcess, path: string): Promise<string> {
  return await (await fetch(whorl.url + path)).text();
}

test("every instance begins behind the requests of the warm-up", async () => {
  using cache = new TemporaryFolder({});
  const args = ["--cache-dir", cache.path, "--warm", "/count", "--warm", "http=GET /request"];
  // The second process takes what the first one has kept.
  for (const _process of ["first", "second"]) {
    await using whorl = await WhorlProcess.up(wasmApp("http-rust"), args);
    for (const _request of [1, 2, 3]) expect(await text(whorl, "/count")).toBe("3\n");
    // What the warm-up asked for is nobody's request.
    expect(await text(whorl, "/request?x=1")).toContain('target: Some("/request?x=1")');
    expect(whorl.stderr).toBe("");
  }
});

test("an environment of its own is not that of a warmed up instance", async () => {
  using cache = new TemporaryFolder({});
  for (const owner of ["a", "b"]) {
    const args = ["--cache-dir", cache.path, "--warm", "/env", "--env", `OWNER=${owner}`];
    await using whorl = await WhorlProcess.up(wasmApp("http-rust"), args);
    expect(await text(whorl, "/env")).toContain(`OWNER=${owner}\n`);
  }
});

test.each([
  ["/trap", /begins cold, .*unreachable/],
  ["/silent", /begins cold, .*without setting a response/],
  ["/file?name=spin.toml", /begins cold, .*no answer about files/],
  ["/fetch?url=http://127.0.0.1:1/", /begins cold, .*it answered 502/],
])("a component that cannot be warmed up with %s begins cold", async (path, reason) => {
  await using whorl = await WhorlProcess.up(wasmApp("http-rust"), ["--warm", path]);
  expect(await whorl.output("stderr", reason)).not.toBe("");
  expect(await text(whorl, "/count")).toBe("1\n");
  // It has its files, although it had none before.
  expect(await text(whorl, "/file?name=spin.toml")).toContain("spin_manifest_version");
});

test.each([
  [["--warm", "count"], /Write \/path or COMPONENT=\/path/],
  [["--warm", "/", "--warm-shares", "files"], /Write random or time/],
  [["--warm", "shop=/"], /no component "shop" to warm up; it has http/],
])("%j is refused", (args, message) => {
  const { status, stderr } = runWhorl(["up", wasmApp("http-rust"), ...args]);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(message);
});

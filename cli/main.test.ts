import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposableSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { text as readText } from "node:stream/consumers";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import project from "../package.json" with { type: "json" };

const whorl = fileURLToPath(new URL("../bin/whorl.js", import.meta.url));

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(argv: readonly string[]): Promise<Result> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [whorl, ...argv]);
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, stdout, stderr };
  }
}

const nothing = /^$/;

test.each<[argv: string[], exitCode: number, stdout: RegExp, stderr: RegExp]>([
  [["--version"], 0, /^\d+\.\d+\.\d+\n$/, nothing],
  [["--help"], 0, /^Usage: whorl/, nothing],
  [["up", "--help"], 0, /\$ whorl up hello\.wasm/, nothing],
  [[], 2, nothing, /^Usage: whorl/],
  [["frob"], 2, nothing, /^error: unknown command 'frob'\nSee "whorl help"\.\n$/],
  [["up", "--lisen", "x"], 2, nothing, /\(Did you mean --listen\?\)/],
  [["up", "does-not-exist"], 1, nothing, /^error: does-not-exist does not exist/],
  [
    ["up", "does-not-exist", "--output", "json"],
    1,
    /^\{"event":"error","code":"file","message":"does-not-exist does not exist.*\}\n$/,
    nothing,
  ],
])("whorl %j exits with %s", async (argv, exitCode, stdout, stderr) => {
  const result = await run(argv);
  expect(result.exitCode).toBe(exitCode);
  expect(result.stdout).toMatch(stdout);
  expect(result.stderr).toMatch(stderr);
});

test("whorl --version is the version of the package", async () => {
  expect((await run(["--version"])).stdout).toBe(`${project.version}\n`);
});

test("bin/whorl starts the same program, also through a link", async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "whorl-test-"));
  const link = join(folder.path, "whorl");
  symlinkSync(fileURLToPath(new URL("../bin/whorl", import.meta.url)), link);
  const { stdout } = await promisify(execFile)(link, ["--version"]);
  expect(stdout).toBe(`${project.version}\n`);
  const unknown = promisify(execFile)(link, ["two words", "$HOME"]);
  await expect(unknown).rejects.toMatchObject({
    stderr: expect.stringContaining("unknown command 'two words'") as string,
  });
});

test.each([
  ["pull", ["registry", "pull", "--insecure"], "SIGINT: given up\n"],
  ["inspect", ["image", "inspect", "--insecure"], ""],
])("whorl %s of a registry that says nothing ends by a signal", async (_name, argv, stderr) => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "whorl-test-"));
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const reference = `127.0.0.1:${port}/app:v1`;
  const child = spawn(process.execPath, [whorl, ...argv, "--cache-dir", folder.path, reference]);
  const written = readText(child.stderr);
  const [socket] = (await once(silent, "connection")) as [Socket];
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([130, null]);
  expect(await written).toBe(stderr);
  socket.destroy();
  silent.close();
});

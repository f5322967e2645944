import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
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

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { wasmApp } from "../whorl-process.ts";
import { buildOnce } from "./build-once.ts";

const tools = fileURLToPath(new URL("../../.cache/python/", import.meta.url));

/**
 * Builds an app of wasm-apps/ in Python, unless its dist/ holds what its sources give; its folder.
 * The SDK comes from PyPI into an environment of its own. Throws where there is no python3.
 */
export function buildPythonApp(name: string): string {
  const folder = wasmApp(name);
  buildOnce(folder, ["app.py", "requirements.txt", "spin.toml"], () => {
    const requirements = join(folder, "requirements.txt");
    if (!existsSync(join(tools, "bin/componentize-py"))) {
      run("python3", ["-m", "venv", tools], folder);
    }
    run(join(tools, "bin/pip"), ["install", "--quiet", "--requirement", requirements], folder);
    mkdirSync(join(folder, "dist"), { recursive: true });
    run("sh", ["-c", buildCommand(folder)], folder);
  });
  return folder;
}

/** As `whorl build` runs it. */
function buildCommand(folder: string): string {
  const manifest = readFileSync(join(folder, "spin.toml"), "utf8");
  const command = /^command = "(.*)"$/m.exec(manifest)?.[1];
  if (command === undefined) throw new Error(`no build command in ${folder}/spin.toml`);
  return command;
}

function run(command: string, args: readonly string[], cwd: string): void {
  // oxlint-disable-next-line node/no-process-env -- passed on as a shell would
  const { env } = process;
  const PATH = [join(tools, "bin"), env["PATH"]].join(delimiter);
  execFileSync(command, args, { cwd, env: { ...env, PATH }, stdio: ["ignore", "ignore", "pipe"] });
}

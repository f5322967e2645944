import { execFileSync } from "node:child_process";
import { wasmApp } from "../whorl-process.ts";
import { buildOnce } from "./build-once.ts";

/**
 * Builds an app of wasm-apps/ in TypeScript, wasm-apps/hello-typescript by default, unless its
 * dist/ holds what its sources give; its folder.
 */
export function buildTypescriptApp(name = "hello-typescript"): string {
  const folder = wasmApp(`${name}/`);
  buildOnce(folder, ["package.json", "package-lock.json", "src", "wit"], () => {
    npm(folder, "ci");
    npm(folder, "run", "build");
  });
  return folder;
}

function npm(folder: string, ...args: string[]): void {
  execFileSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

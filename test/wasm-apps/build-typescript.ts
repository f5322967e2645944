import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../wasm-apps/hello-typescript/", import.meta.url));
const sources = ["package.json", "package-lock.json", "src/hello.ts"];

/** Builds wasm-apps/hello-typescript unless dist/ holds what these sources give; its folder. */
export function buildTypescriptApp(): string {
  const stamp = join(folder, "dist/hello.sources.sha256");
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(join(folder, source)));
  const digest = hash.digest("hex");
  const isBuilt = existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
  if (isBuilt && existsSync(join(folder, "dist/hello.wasm"))) return folder;
  npm("ci");
  npm("run", "build");
  writeFileSync(stamp, digest);
  return folder;
}

function npm(...args: string[]): void {
  execFileSync("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
}

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Runs `build` unless the folder's dist/ was built from these sources: files and folders of it,
 * those that exist.
 */
export function buildOnce(folder: string, sources: readonly string[], build: () => void): void {
  const stamp = join(folder, "dist/sources.sha256");
  const digest = digestOf(folder, sources);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  build();
  mkdirSync(join(folder, "dist"), { recursive: true });
  writeFileSync(stamp, digest);
}

function digestOf(folder: string, sources: readonly string[]): string {
  const hash = createHash("sha256");
  for (const source of sources) {
    const path = join(folder, source);
    if (!existsSync(path)) continue;
    if (!statSync(path).isDirectory()) hash.update(readFileSync(path));
    else hash.update(digestOf(path, readdirSync(path).sort()));
  }
  return hash.digest("hex");
}

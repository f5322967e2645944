import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { env } from "node:process";

/** What components made by Rust's own toolchain are built for. */
const target = "wasm32-wasip2";

/**
 * Why Rust components cannot be built here, undefined where they can. With CI=true a rustup that
 * lacks the target installs it first.
 */
export function rustObstacle(): string | undefined {
  if (hasTarget()) return undefined;
  const { error } = spawnSync("rustc", ["--version"]);
  if (error !== undefined) return "no rustc on the PATH";
  if (env["CI"] === "true") spawnSync("rustup", ["target", "add", target], { stdio: "inherit" });
  return hasTarget() ? undefined : `no Rust for ${target}: rustup target add ${target}`;
}

function hasTarget(): boolean {
  const { stdout } = spawnSync("rustc", ["--print", "target-libdir", "--target", target]);
  const libraries = String(stdout ?? "").trim();
  return libraries !== "" && existsSync(libraries);
}

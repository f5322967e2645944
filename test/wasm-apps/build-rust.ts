/**
 * Builds the committed components of wasm-apps/*-rust: `npm run build:rust`. Needs a cargo that
 * knows the target wasm32-wasip2; where the machine's own does not, `-- --chroot FOLDER` takes the
 * one of a Debian sid system (wasm-apps/README.md tells how to make that).
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const wasmApps = fileURLToPath(new URL("../../wasm-apps/", import.meta.url));
const target = "wasm32-wasip2";

function run(command: readonly string[], cwd: string): void {
  const [file = "", ...args] = command;
  const { status, error } = spawnSync(file, args, { cwd, stdio: "inherit" });
  if (status !== 0) {
    throw new Error(`${command.join(" ")} in ${cwd} failed: ${error?.message ?? `exit ${status}`}`);
  }
}

/** Builds in place with the machine's own cargo; returns the folder with the result. */
function buildHere(folder: string): string {
  run(["cargo", "build", "--release", "--locked", "--target", target], folder);
  return folder;
}

/** Builds a copy of the sources inside another system. */
function buildInChroot(folder: string, name: string, chroot: string): string {
  const inside = join("/tmp/wasm-apps", name);
  const copy = join(chroot, inside);
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith("/target") });
  const cargo = `cargo build --release --locked --target ${target}`;
  const linker = "CARGO_TARGET_WASM32_WASIP2_LINKER=/usr/local/bin/wasm-component-ld";
  run(["chroot", chroot, "sh", "-c", `cd ${inside} && HOME=/root ${linker} ${cargo}`], chroot);
  return copy;
}

const { values } = parseArgs({ options: { chroot: { type: "string" } } });
for (const name of readdirSync(wasmApps).filter((entry) => entry.endsWith("-rust"))) {
  const folder = join(wasmApps, name);
  const { chroot } = values;
  const built = chroot === undefined ? buildHere(folder) : buildInChroot(folder, name, chroot);
  const result = `target/${target}/release/${name.replaceAll("-", "_")}.wasm`;
  cpSync(join(built, result), join(folder, `${name.replace("-rust", "")}.wasm`));
}

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Platform } from "./platform.ts";

export interface NodeBinary {
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly licence: Uint8Array;
  /** As npm's lock file has it: `sha512-` and base64. */
  readonly integrity: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

interface LockFile {
  readonly packages: Readonly<Record<string, { version: string; integrity: string }>>;
}

/** Node of a platform: the installed package, or the one of the lock file through npm. */
export function nodeBinary({ nodePackage }: Platform, cache: string): NodeBinary {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as LockFile;
  const path = `node_modules/${nodePackage}`;
  const locked = lock.packages[path];
  if (locked === undefined) throw new Error(`package-lock.json has no ${nodePackage}`);
  const { version, integrity } = locked;
  const installed = join(root, path);
  const folder = existsSync(join(installed, "bin/node"))
    ? installed
    : unpacked(`${nodePackage}@${version}`, integrity, join(cache, `${nodePackage}-${version}`));
  return {
    version,
    integrity,
    bytes: readFileSync(join(folder, "bin/node")),
    licence: readFileSync(join(folder, "LICENSE")),
  };
}

function unpacked(spec: string, integrity: string, folder: string): string {
  const target = join(folder, "package");
  if (existsSync(join(target, "bin/node"))) return target;
  mkdirSync(folder, { recursive: true });
  run("npm", ["pack", "--silent", "--pack-destination", folder, spec]);
  const name = readdirSync(folder).find((file) => file.endsWith(".tgz"));
  if (name === undefined) throw new Error(`npm pack ${spec} has written no file`);
  const archive = join(folder, name);
  const [algorithm = "", expected] = integrity.split("-");
  const found = createHash(algorithm).update(readFileSync(archive)).digest("base64");
  if (found !== expected) throw new Error(`${spec} has the digest ${found}, not ${expected}`);
  run("tar", ["-xzf", archive, "-C", folder, "package/bin/node", "package/LICENSE"]);
  return target;
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { once } from "node:events";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { extract } from "tar-stream";
import { type LayerEntry, sha256 } from "./layer.ts";
import type { Platform } from "./platform.ts";

/** A Debian package of a lock file. */
export interface LockedDebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly sha256: string;
}

export interface DebianLibraries {
  readonly packages: readonly LockedDebianPackage[];
  /** The shared libraries that Node needs, the loader, and the packages' licences. */
  readonly entries: readonly LayerEntry[];
}

/** Packages with the libraries that Node is linked to, and with their licences. */
const packageNames = ["libc6", "gcc-12-base", "libgcc-s1", "libstdc++6", "libatomic1"] as const;

const libraries = [
  "libc.so.6",
  "libm.so.6",
  "libdl.so.2",
  "libpthread.so.0",
  "libresolv.so.2",
  "libgcc_s.so.1",
  "libstdc++.so.6",
  "libatomic.so.1",
];

export interface DebianOptions {
  readonly platform: Platform;
  readonly locked: readonly LockedDebianPackage[];
  /** Folder of what was downloaded. */
  readonly cache: string;
  /**
   * `locked`: nothing but the locked versions. `newer`: what Debian has now where it no longer has
   * those. `update`: what it has now.
   */
  readonly base: "locked" | "newer" | "update";
}

/**
 * Node's libraries from Debian's packages. Throws where a package is not the locked one: Debian
 * keeps only the newest version of each.
 */
export async function debianLibraries(options: DebianOptions): Promise<DebianLibraries> {
  const { platform } = options;
  const packages: LockedDebianPackage[] = [];
  const entries: LayerEntry[] = [];
  for (const name of packageNames) {
    const file = lockedOrNew(name, options);
    packages.push({
      name,
      version: versionOf(file),
      architecture: platform.architecture,
      sha256: sha256(readFileSync(file)),
    });
    entries.push(...(await librariesIn(file, platform)));
  }
  return { packages, entries };
}

/** Path of the .deb, as {@link DebianOptions} wants it. */
function lockedOrNew(name: string, options: DebianOptions): string {
  const { architecture } = options.platform;
  const lock = options.locked.find(
    (each) => each.name === name && each.architecture === architecture,
  );
  if (options.base === "update") return obtain(name, options, undefined);
  if (lock === undefined) throw new Error(`debian-lock.json has no ${name} for ${architecture}`);
  try {
    const file = obtain(name, options, lock);
    const digest = sha256(readFileSync(file));
    if (digest === lock.sha256) return file;
    throw new Error(`${basename(file)} has the digest ${digest}, not the locked ${lock.sha256}`);
  } catch (error) {
    if (options.base === "newer") return obtain(name, options, undefined);
    const remedy =
      "run npm run image -- --update-base, and look at what changes in debian-lock.json";
    throw new Error(`${name} is not to be had as it is locked: ${remedy}`, { cause: error });
  }
}

/** Path of the .deb, from the cache or downloaded by apt with lists of its own. */
function obtain(
  name: string,
  { platform: { architecture }, cache }: DebianOptions,
  lock: LockedDebianPackage | undefined,
): string {
  const kept = lock === undefined ? undefined : join(cache, `${lock.sha256.slice(7)}.deb`);
  if (kept !== undefined && existsSync(kept)) return kept;
  const folder = join(cache, `apt-${architecture}`);
  for (const part of ["lists/partial", "archives/partial", "download"]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  const settings = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    `Dir::State::Lists=${join(folder, "lists")}`,
    "Dir::State::Status=/dev/null",
    `Dir::Cache=${folder}`,
    "APT::Sandbox::User=root",
  ].flatMap((setting) => ["-o", setting]);
  const download = join(folder, "download");
  const version = lock === undefined ? "" : `=${lock.version}`;
  const get = (): ReturnType<typeof apt> =>
    apt([...settings, "download", `${name}${version}`], download);
  if (get().status !== 0) {
    apt([...settings, "update", "-qq"], download);
    const { status, stderr } = get();
    if (status !== 0) {
      throw new Error(`apt-get download ${name}${version} for ${architecture}: ${stderr}`);
    }
  }
  const found = readdirSync(download).find((file) => file.startsWith(`${name}_`));
  if (found === undefined) throw new Error(`apt-get download ${name} has written no file`);
  const path = join(download, found);
  const target = join(cache, `${sha256(readFileSync(path)).slice(7)}.deb`);
  renameSync(path, target);
  rmSync(download, { recursive: true });
  return target;
}

function apt(args: readonly string[], cwd: string): { status: number | null; stderr: string } {
  mkdirSync(cwd, { recursive: true });
  return spawnSync("apt-get", args, { cwd, encoding: "utf8" });
}

function versionOf(file: string): string {
  const { stdout } = spawnSync("dpkg-deb", ["--field", file, "Version"], { encoding: "utf8" });
  return stdout.trim();
}

/** What Node needs of a package: libraries by the names that programs ask for. */
async function librariesIn(file: string, platform: Platform): Promise<LayerEntry[]> {
  const files = await filesOf(file);
  const content = (path: string): Uint8Array | undefined => {
    const found = files.get(path);
    if (typeof found !== "string") return found;
    const target = found.startsWith("/") ? found.slice(1) : join(path, "..", found);
    return content(target);
  };
  const entries: LayerEntry[] = [];
  for (const path of files.keys()) {
    const isLibrary = libraries.includes(basename(path)) && path.includes(platform.triplet);
    const isLicence = /^usr\/share\/doc\/[^/]+\/copyright$/.test(path);
    const isLoader = `/${path}` === platform.loader;
    const bytes = isLibrary || isLicence || isLoader ? content(path) : undefined;
    if (bytes === undefined) continue;
    if (isLibrary)
      entries.push({
        path: `/lib/${platform.triplet}/${basename(path)}`,
        content: bytes,
        mode: 0o755,
      });
    else entries.push({ path: `/${path}`, content: bytes, mode: isLoader ? 0o755 : 0o644 });
  }
  return entries;
}

/** Files of a package by their path; of symbolic links the target. */
async function filesOf(file: string): Promise<Map<string, Uint8Array | string>> {
  const { stdout, status, stderr } = spawnSync("dpkg-deb", ["--fsys-tarfile", file], {
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`dpkg-deb ${file}: ${stderr.toString()}`);
  const files = new Map<string, Uint8Array | string>();
  const reader = extract();
  reader.on("entry", ({ name, type, linkname }, stream, next) => {
    const path = name.replace(/^\.\//, "");
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: unknown) => chunks.push(chunk as Buffer));
    stream.on("end", () => {
      if (type === "symlink" && typeof linkname === "string") files.set(path, linkname);
      if (type === "file") files.set(path, Buffer.concat(chunks));
      next();
    });
  });
  const finished = once(reader, "finish");
  Readable.from([stdout]).pipe(reader);
  await finished;
  return files;
}

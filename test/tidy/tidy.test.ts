/** Rules of the repository itself. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { missingOptionalPackages, readLockFile } from "./lock-file.ts";

interface PackageJson {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** What is committed, and what would be by `git add .`. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
  .toString()
  .split("\0")
  .filter((file) => file !== "" && !isDeleted(file));
const sources = files.filter((file) => /\.(ts|js|json|md|toml|rs)$|^\.ci\//.test(file));
const packageFiles = files.filter((file) => basename(file) === "package.json");
const lockFiles = files.filter((file) => basename(file) === "package-lock.json");
const documents = files.filter((file) => file.endsWith(".md"));

function isDeleted(file: string): boolean {
  try {
    readFileSync(file);
    return false;
  } catch {
    return true;
  }
}

function read(file: string): string {
  return readFileSync(file, "utf8");
}

function dependenciesOf(file: string): [name: string, version: string][] {
  const manifest = JSON.parse(read(file)) as PackageJson;
  return Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  });
}

test("docs/ARCHITECTURE.md names every top-level folder", () => {
  const folders = new Set(
    files.filter((file) => file.includes("/")).map((file) => `${file.split("/", 1)[0]}/`),
  );
  const map = read("docs/ARCHITECTURE.md");
  expect([...folders].filter((folder) => !map.includes(`\`${folder}\``))).toEqual([]);
});

test("docs/ARCHITECTURE.md names every folder of runtime/", () => {
  const rooms = new Set(files.flatMap((file) => /^runtime\/([^/]+)\//.exec(file)?.[1] ?? []));
  const map = read("docs/ARCHITECTURE.md");
  expect([...rooms].filter((room) => !map.includes(`\`${room}/\``))).toEqual([]);
});

test("docs/ARCHITECTURE.md stays short enough to be read", () => {
  expect(read("docs/ARCHITECTURE.md").split("\n").length).toBeLessThanOrEqual(200);
});

test.each(documents)("%s has one title", (file) => {
  const prose = read(file).replaceAll(/^```.*?^```/gms, "");
  expect(prose.match(/^# .+$/gm) ?? []).toHaveLength(1);
});

test("no folder has a name that says nothing", () => {
  const names = /(^|\/)(utils?|helpers?|common|managers?|misc|lib|shared)\//;
  expect(files.filter((file) => names.test(file))).toEqual([]);
});

test("files of the sources are named in kebab-case", () => {
  const named = files.filter((file) => /\.(ts|js)$/.test(file)).map((file) => basename(file));
  expect(named.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)+$/.test(name))).toEqual([]);
});

test("names of generic files do not occur", () => {
  const names = /(^|\/)(index|utils?|helpers?|common|misc)\.[jt]s$/;
  // Templates become somebody else's project, whose tools look for the usual names.
  const own = files.filter((file) => !file.startsWith("templates/"));
  expect(own.filter((file) => names.test(file))).toEqual([]);
});

test.each(packageFiles)("%s pins exact versions", (file) => {
  const loose = dependenciesOf(file).filter(
    ([, version]) => !/^\d+\.\d+\.\d+[\w.-]*$/.test(version),
  );
  expect(loose).toEqual([]);
});

test.each(packageFiles)("docs/decisions.md gives a reason for each dependency of %s", (file) => {
  const table = read("docs/decisions.md");
  const rows = new Set(Array.from(table.matchAll(/^\| `([^`]+)` +\| \S/gm), ([, name]) => name));
  const unexplained = dependenciesOf(file).filter(([name]) => !rows.has(name));
  expect(unexplained).toEqual([]);
});

test.each(lockFiles)("%s names no registry", (file) => {
  const resolved = Object.entries(readLockFile(file).packages).filter(
    ([, entry]) => entry.resolved !== undefined,
  );
  expect(resolved).toEqual([]);
});

// `npm ci` refuses a lock file without them; `npm run lock` adds them.
test.each(lockFiles)("%s has the optional packages of all platforms", (file) => {
  expect(missingOptionalPackages(readLockFile(file))).toEqual([]);
});

test("no file names a path of one machine", () => {
  const machinePath = new RegExp(String.raw`(^|[\s"'\`(=:])/(home|root|work|Users)/[\w.-]+/`, "m");
  expect(sources.filter((file) => machinePath.test(read(file)))).toEqual([]);
});

test("nothing is left for later in the sources", () => {
  const leftOver = new RegExp(["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|"));
  expect(sources.filter((file) => file.endsWith(".ts") && leftOver.test(read(file)))).toEqual([]);
});

test("no source file imports outside the repository by a relative path", () => {
  const escaping = files
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => {
      const depth = file.split("/").length - 1;
      return read(file).includes(` from "${"../".repeat(depth + 1)}`);
    });
  expect(escaping).toEqual([]);
});

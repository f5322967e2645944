/**
 * Adds the optional packages of other platforms to lock files that lack them: `npm run lock` after
 * every `npm install` (lock-file.ts says why).
 */
import { writeFileSync } from "node:fs";
import type { LockedPackage, MissingPackage } from "./lock-file.ts";
import { missingOptionalPackages, readLockFile } from "./lock-file.ts";

const systems = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const processors = ["arm64", "arm", "ia32", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const files = ["package-lock.json", "wasm-apps/hello-typescript/package-lock.json"];

/** The platform as packages of prebuilt binaries name it: `@oxfmt/binding-darwin-x64`. */
function entryFor({ name, version, dev }: MissingPackage): LockedPackage {
  const words = name.split(/[-/]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(dev && { dev }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
}

for (const file of files) {
  const lock = readLockFile(file);
  const missing = missingOptionalPackages(lock);
  for (const entry of missing) lock.packages[entry.path] = entryFor(entry);
  const byPath = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(byPath);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${file}: ${missing.length} packages of other platforms added`);
}

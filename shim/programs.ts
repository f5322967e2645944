import { fileURLToPath } from "node:url";

/**
 * Programs of the node, by the name of their file in the installed tree (install-layout.ts), with
 * their sources.
 */
export const programs = {
  /** Answers containerd. */
  front: "main.ts",
  /** Lets this version's front take over from the running one. */
  upgrade: "upgrade-main.ts",
  /** Cleans up after a lost container. */
  delete: "delete-main.ts",
  /** Runs guests. */
  host: "host/main.ts",
  /** Unpacks and prepares an image. */
  preparer: "preparer-main.ts",
} as const;

export type ProgramName = keyof typeof programs;

/** Bundled code lies flat in one folder, sources in theirs. */
const isBundled = import.meta.url.endsWith(".js");

/** What Node has to be started with to run a program: beside this code, bundled as it is or not. */
export function programFile(name: ProgramName): string {
  const relative = isBundled ? `${name}.js` : programs[name];
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Folder of all code that any program may load, at its start or later. */
export function codeFolder(): string {
  return fileURLToPath(new URL(isBundled ? "." : "..", import.meta.url));
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConsoleFiles } from "../runtime/telemetry/admin/console-files.ts";
import { contentTypeOf } from "./content-type.ts";

/**
 * The page's files by their path on the server: beside a bundled program those that the build has
 * written, in a checkout bundled now. Rejects where neither is possible.
 */
export async function consoleFiles(): Promise<ConsoleFiles> {
  const written = fileURLToPath(new URL("console/", import.meta.url));
  if (existsSync(join(written, "index.html.gz"))) return readConsole(written);
  const { buildConsole } = await import("./build-console.ts");
  return await buildConsole();
}

/** Files that {@link writeConsole} has written. */
export function readConsole(folder: string): ConsoleFiles {
  const names = readdirSync(folder).filter((name) => name.endsWith(".gz"));
  return new Map(
    names.map((file) => {
      const name = file.slice(0, -".gz".length);
      const bytes = readFileSync(join(folder, file));
      return [`/${name}`, { bytes, type: contentTypeOf(name), encoding: "gzip" as const }];
    }),
  );
}

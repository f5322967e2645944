import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoadOptions } from "../runtime/app/load-options.ts";
import type { PackageRegistries } from "../runtime/app/package-registries.ts";
import { errorText, WhorlError } from "../runtime/error.ts";
import { imageFolder, readAuthorities, userCredentials } from "./registry/registry-session.ts";
import type { RegistryFlags } from "./registry/registry-session.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What every command that loads an app takes. */
export interface LoadFlags extends RegistryFlags {
  readonly profile?: string;
}

/**
 * How apps are loaded here: components of URLs and registries are kept beside images, registries
 * are asked as the user's docker is, packages looked for as the user's wkg does.
 * @throws WhorlError `file` or `manifest` for files that cannot be read or understood.
 */
export async function readLoadOptions(
  { profile, insecure, caFile, cacheDir }: LoadFlags,
  environment: Environment,
): Promise<LoadOptions> {
  return {
    profile,
    sources: {
      cacheDirectory: imageFolder(environment, cacheDir),
      packages: await readPackageRegistries(environment),
      registry: {
        insecure,
        caCertificates: caFile === undefined ? undefined : await readAuthorities(caFile),
        credentials: userCredentials(environment),
      },
    },
  };
}

/** What wkg is configured with; undefined where it is not. */
async function readPackageRegistries({
  WKG_CONFIG_FILE: file,
  XDG_CONFIG_HOME: configuration,
  HOME: home,
}: Environment): Promise<PackageRegistries | undefined> {
  const folder = nonEmpty(configuration) ?? (home === undefined ? home : join(home, ".config"));
  const path = nonEmpty(file) ?? (folder && join(folder, "wasm-pkg", "config.toml"));
  if (path === undefined) return undefined;
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && nonEmpty(file) === undefined) return undefined;
    throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
  });
  if (text === undefined) return undefined;
  const { parsePackageRegistries } = await import("../runtime/app/package-registries.ts");
  return parsePackageRegistries(text, path);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

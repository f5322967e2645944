import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Metafile } from "esbuild";

/** An npm package with code in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as the package declares it. */
  readonly licence: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The packages that bundles were made of, by name and version. */
export function bundledPackages(metafiles: readonly Metafile[]): readonly BundledPackage[] {
  const folders = new Set(
    metafiles
      .flatMap(({ inputs }) => Object.keys(inputs))
      .flatMap((path) => /^(?:.*:)?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  const packages = [...folders].map((folder) => {
    const text = readFileSync(join(root, folder, "package.json"), "utf8");
    const { name, version, license } = JSON.parse(text) as {
      readonly name: string;
      readonly version: string;
      readonly license?: unknown;
    };
    return { name, version, licence: typeof license === "string" ? license : "NOASSERTION" };
  });
  const byKey = new Map(packages.map((each) => [`${each.name}@${each.version}`, each]));
  return [...byKey.keys()].toSorted().flatMap((key) => byKey.get(key) ?? []);
}

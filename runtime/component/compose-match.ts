import { interfaceTrack, versionTrack } from "./version-track.ts";

/** `ns:package/interface@1.2.3` taken apart; an import's plain name is a package by itself. */
interface Parts {
  readonly package: string;
  readonly interface: string | undefined;
  readonly version: string | undefined;
}

/**
 * The imports that a dependency's name means: those of a package (`ns:package`), an interface
 * (`ns:package/interface`), each perhaps of one version, or a plain import. A version means itself
 * where it is imported, else compatible ones.
 */
export function matchingImports(dependency: string, imports: readonly string[]): string[] {
  const name = takeApart(dependency);
  const candidates = imports.filter((each) => isOfSameName(name, takeApart(each)));
  const { version } = name;
  if (version === undefined) return candidates;
  const exact = candidates.filter((each) => takeApart(each).version === version);
  if (exact.length > 0) return exact;
  const track = versionTrack(version);
  return candidates.filter((each) => {
    const { version: imported } = takeApart(each);
    return imported !== undefined && versionTrack(imported) === track;
  });
}

function isOfSameName(dependency: Parts, imported: Parts): boolean {
  if (dependency.package !== imported.package) return false;
  return dependency.interface === undefined || dependency.interface === imported.interface;
}

function takeApart(text: string): Parts {
  const at = text.indexOf("@");
  const version = at < 0 ? undefined : text.slice(at + 1);
  const [name = "", inner] = (at < 0 ? text : text.slice(0, at)).split("/");
  return { package: name, interface: inner, version };
}

/** The export of this name, else the one of a compatible version. */
export function findCompatible<T>(
  exports: ReadonlyMap<string, T>,
  name: string,
): { readonly name: string; readonly value: T } | undefined {
  const exact = exports.get(name);
  if (exact !== undefined) return { name, value: exact };
  const track = interfaceTrack(name);
  for (const [each, value] of exports) {
    if (each.includes("@") && interfaceTrack(each) === track) return { name: each, value };
  }
  return undefined;
}

import { isComponentId } from "./component-id.ts";
import { parsePackageName } from "./package-registries.ts";
import { parseVersion } from "./semver.ts";

/** What a dependency satisfies: one import, or those of a package. */
export type DependencyName =
  | { readonly kind: "plain"; readonly name: string }
  | {
      readonly kind: "package";
      /** `ns:name`. */
      readonly package: string;
      /** All of the package where undefined. */
      readonly interface: string | undefined;
      /** All versions where undefined. */
      readonly version: string | undefined;
    };

/** Parses `ns:package`, `ns:package/interface@1.2.3` or a plain name; undefined if it is none. */
export function parseDependencyName(text: string): DependencyName | undefined {
  if (!/[:/]/.test(text)) return isComponentId(text) ? { kind: "plain", name: text } : undefined;
  const at = text.indexOf("@");
  const version = at === -1 ? undefined : text.slice(at + 1);
  const [name = "", ...rest] = (at === -1 ? text : text.slice(0, at)).split("/");
  const [inner] = rest;
  const isName =
    parsePackageName(name) !== undefined &&
    rest.length <= 1 &&
    (inner === undefined || isComponentId(inner)) &&
    (version === undefined || parseVersion(version) !== undefined);
  return isName ? { kind: "package", package: name, interface: inner, version } : undefined;
}

/** Whether two dependencies could mean the same import. */
export function isOverlapping(a: DependencyName, b: DependencyName): boolean {
  if (a.kind === "plain" || b.kind === "plain") return a.kind === b.kind && isSamePlain(a, b);
  if (a.package !== b.package) return false;
  const [aTrack, bTrack] = [compatibleVersions(a.version), compatibleVersions(b.version)];
  if (aTrack !== undefined && bTrack !== undefined && aTrack !== bTrack) return false;
  return a.interface === undefined || b.interface === undefined || a.interface === b.interface;
}

function isSamePlain(a: DependencyName, b: DependencyName): boolean {
  return a.kind === "plain" && b.kind === "plain" && a.name === b.name;
}

/** Equal for versions that can stand in for each other. */
function compatibleVersions(text: string | undefined): string | undefined {
  const version = text === undefined ? undefined : parseVersion(text);
  if (version === undefined) return undefined;
  const { major, minor, patch, prerelease } = version;
  if (prerelease.length > 0) return `${major}.${minor}.${patch}-${prerelease.join(".")}`;
  if (major > 0) return String(major);
  return minor > 0 ? `0.${minor}` : `0.0.${patch}`;
}

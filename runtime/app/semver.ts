/** A semantic version (semver.org 2.0.0). */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Dotted parts after `-`; empty for a release. */
  readonly prerelease: readonly string[];
}

type Operator = "=" | ">" | ">=" | "<" | "<=" | "~" | "^";

/** `>=1.2`, `^1.2.3`, `1.*`: parts that were not written are undefined. */
interface Comparator {
  readonly operator: Operator;
  readonly major: number;
  readonly minor: number | undefined;
  readonly patch: number | undefined;
  readonly prerelease: readonly string[];
}

/** What a version has to fulfil, all of it; empty means any release. */
export type VersionRequirement = readonly Comparator[];

const number = "(0|[1-9][0-9]*)";
const suffixes = "(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?";
const versionPattern = new RegExp(`^${number}\\.${number}\\.${number}${suffixes}$`);
const comparatorPattern = new RegExp(
  `^(=|>=|<=|>|<|~|\\^)?\\s*${number}(?:\\.(?:${number}|([*xX])))?(?:\\.(?:${number}|([*xX])))?${suffixes}$`,
);

/** Undefined if the text is none. */
export function parseVersion(text: string): Version | undefined {
  const match = versionPattern.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, prerelease] = match;
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    prerelease: prerelease?.split(".") ?? [],
  };
}

/**
 * Parses a requirement as cargo writes it: comparators joined by commas, `^` where none is written,
 * `*` for parts that may be anything. Undefined if the text is none.
 */
export function parseVersionRequirement(text: string): VersionRequirement | undefined {
  if (/^\s*[*xX]\s*$/.test(text)) return [];
  const comparators: Comparator[] = [];
  for (const part of text.split(",")) {
    const comparator = parseComparator(part.trim());
    if (comparator === undefined) return undefined;
    comparators.push(comparator);
  }
  return comparators;
}

function parseComparator(text: string): Comparator | undefined {
  const match = comparatorPattern.exec(text);
  if (match === null) return undefined;
  const [, operator, major, minor, minorStar, patch, patchStar, prerelease] = match;
  const hasStar = minorStar !== undefined || patchStar !== undefined;
  if (minorStar !== undefined && patch !== undefined) return undefined;
  if (prerelease !== undefined && patch === undefined) return undefined;
  return {
    operator: (operator as Operator | undefined) ?? (hasStar ? "=" : "^"),
    major: Number(major),
    minor: minor === undefined ? undefined : Number(minor),
    patch: patch === undefined ? undefined : Number(patch),
    prerelease: prerelease?.split(".") ?? [],
  };
}

/** Negative if `a` comes before `b`. */
export function compareVersions(a: Version, b: Version): number {
  const order = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  return order === 0 ? comparePrereleases(a.prerelease, b.prerelease) : order;
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  // A release comes after its pre-releases.
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareParts(a[index] ?? "", b[index] ?? "");
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareParts(a: string, b: string): number {
  const [aIsNumber, bIsNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (aIsNumber && bIsNumber) return Number(a) - Number(b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A pre-release only fits a comparator that names a pre-release of the same version. */
export function matchesRequirement(version: Version, requirement: VersionRequirement): boolean {
  if (!requirement.every((comparator) => matchesComparator(version, comparator))) return false;
  if (version.prerelease.length === 0) return true;
  return requirement.some(
    ({ major, minor, patch, prerelease }) =>
      prerelease.length > 0 &&
      major === version.major &&
      minor === version.minor &&
      patch === version.patch,
  );
}

function matchesComparator(version: Version, comparator: Comparator): boolean {
  const { minor, patch, operator } = comparator;
  const from: Version = { ...comparator, minor: minor ?? 0, patch: patch ?? 0 };
  const order = compareVersions(version, from);
  const isBelowNext = isBelow(version, nextAfter(comparator));
  switch (operator) {
    case "=":
      return patch === undefined ? order >= 0 && isBelowNext : order === 0;
    case ">":
      return patch === undefined ? !isBelowNext : order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
      return patch === undefined ? isBelowNext : order <= 0;
    case "~":
      return order >= 0 && isBelow(version, nextAfter({ ...comparator, patch: undefined }));
    case "^":
      return order >= 0 && isBelow(version, nextIncompatible(comparator));
  }
}

/** The numbers alone: pre-releases of the next version are not below it. */
type Bound = readonly [major: number, minor: number, patch: number];

function isBelow({ major, minor, patch }: Version, bound: Bound): boolean {
  return (major - bound[0] || minor - bound[1] || patch - bound[2]) < 0;
}

/** The first version that differs in the last part written. */
function nextAfter({ major, minor, patch }: Comparator): Bound {
  if (minor === undefined) return [major + 1, 0, 0];
  return patch === undefined ? [major, minor + 1, 0] : [major, minor, patch + 1];
}

function nextIncompatible(comparator: Comparator): Bound {
  const { major, minor, patch } = comparator;
  if (major > 0 || minor === undefined) return [major + 1, 0, 0];
  if (minor > 0 || patch === undefined) return [0, minor + 1, 0];
  return [0, 0, patch + 1];
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareVersions,
  matchesRequirement,
  parseVersion,
  parseVersionRequirement,
} from "./semver.ts";

function matches(version: string, requirement: string): boolean {
  const parsed = parseVersion(version);
  const wanted = parseVersionRequirement(requirement);
  if (parsed === undefined || wanted === undefined) throw new Error("not parsed");
  return matchesRequirement(parsed, wanted);
}

describe("matchesRequirement", () => {
  test.each([
    ["1.2.3", ["1.2.3", "1.2.9", "1.9.0"], ["1.2.2", "2.0.0", "1.3.0-rc.1"]],
    ["^0.2.3", ["0.2.3", "0.2.9"], ["0.2.2", "0.3.0"]],
    ["0.0.3", ["0.0.3"], ["0.0.2", "0.0.4"]],
    ["^0.0", ["0.0.1"], ["0.1.0"]],
    ["^0", ["0.9.1"], ["1.0.0"]],
    ["~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0"]],
    ["~1", ["1.0.0", "1.0.7"], ["2.0.0"]],
    ["=1.2.3", ["1.2.3"], ["1.2.4"]],
    ["=1.2", ["1.2.0", "1.2.9"], ["1.3.0"]],
    ["1.*", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.0"]],
    ["1.2.*", ["1.2.0", "1.2.9"], ["1.3.0"]],
    ["*", ["0.0.1", "9.9.9"], ["1.0.0-rc.1"]],
    [">=1.2, <1.5", ["1.2.0", "1.4.9"], ["1.1.9", "1.5.0"]],
    [">1.2", ["1.3.0", "2.0.0"], ["1.2.0", "1.2.9"]],
    [">1.2.3", ["1.2.4"], ["1.2.3"]],
    ["<=1.2", ["1.2.9", "0.1.0"], ["1.3.0"]],
    ["<=1.2.3", ["1.2.3"], ["1.2.4"]],
    ["1.0.0-rc.2", ["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.1.0"], ["1.0.0-rc.1", "1.1.0-rc.3"]],
    ["=0.2.0-draft2", ["0.2.0-draft2"], ["0.2.0", "0.2.0-draft1"]],
  ])("%s", (requirement, fits, others) => {
    expect(fits.filter((version) => !matches(version, requirement))).toEqual([]);
    expect(others.filter((version) => matches(version, requirement))).toEqual([]);
  });

  test.each(["", "a", "1.2.3.4", "1.x.3", "1.2-rc", "01.2.3", ">=1 <2", "1,,2"])(
    "%j is no requirement",
    (text) => {
      expect(parseVersionRequirement(text)).toBeUndefined();
    },
  );
});

test.each(["1", "1.2", "1.2.3.4", "01.0.0", "v1.0.0", "1.0.0-"])("%j is no version", (text) => {
  expect(parseVersion(text)).toBeUndefined();
});

test("versions are ordered as semver.org orders them", () => {
  const ordered = [
    ...["0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"],
    ...["1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.1.0", "2.0.0"],
  ];
  const versions = ordered.flatMap((text) => parseVersion(text) ?? []);
  expect(versions.toReversed().toSorted(compareVersions)).toEqual(versions);
});

test("a version fits its own exact, caret and tilde requirements", () => {
  const part = fc.nat(20);
  fc.assert(
    fc.property(part, part, part, (major, minor, patch) => {
      const text = `${major}.${minor}.${patch}`;
      expect(["=", "^", "~", ">=", "<="].every((each) => matches(text, each + text))).toBe(true);
      expect(["<", ">"].some((each) => matches(text, each + text))).toBe(false);
    }),
  );
});

import { WhorlError } from "../error.ts";

/**
 * A file pattern: `?` and `[a-z]`, `[!a-z]` for one character, `*` for any number of them, `**`
 * as a whole path segment for any number of directories. Leading dots are characters like others.
 */
export interface FilePattern {
  /** Directory in front of the first wildcard, `""` for none. */
  readonly base: string;
  /** How many directories deep a match can be below the base, `Infinity` with `**`. */
  readonly depthMax: number;
  /** `path` has `/` between its segments and none at its ends. */
  matches(path: string): boolean;
}

type Token =
  | { readonly kind: "character"; readonly accepts: (character: string) => boolean }
  /** Any characters; `/` among them only if it crosses segments. */
  | { readonly kind: "star"; readonly isCrossing: boolean }
  /** Nothing, or directories with their `/`. */
  | { readonly kind: "directories" };

/** Whether a path of the manifest is a pattern, given that no file of this name exists. */
export function hasWildcard(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * @param isCrossing whether `*` also matches `/`, as in exclude_files.
 * @throws WhorlError `manifest` for a `[` without `]` or a `**` beside other characters.
 */
export function compileFilePattern(pattern: string, isCrossing = false): FilePattern {
  const segments = pattern.split("/").filter((segment) => segment !== "" && segment !== ".");
  const tokens: Token[] = [];
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "**") {
      tokens.push(isLast ? { kind: "star", isCrossing: true } : { kind: "directories" });
      continue;
    }
    if (segment.includes("**")) {
      throw new WhorlError(
        "manifest",
        `"${segment}" in "${pattern}" mixes "**" with other characters; "**" has to stand alone between slashes`,
      );
    }
    tokens.push(...segmentTokens(segment, pattern, isCrossing));
    if (!isLast) tokens.push(literal("/"));
  }
  const firstWildcard = segments.findIndex(hasWildcard);
  const baseLength = firstWildcard === -1 ? segments.length - 1 : firstWildcard;
  return {
    base: segments.slice(0, baseLength).join("/"),
    depthMax: segments.includes("**") ? Infinity : segments.length - baseLength,
    matches: (path) => matchTokens(tokens, path),
  };
}

function literal(expected: string): Token {
  return { kind: "character", accepts: (character) => character === expected };
}

function segmentTokens(segment: string, pattern: string, isCrossing: boolean): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < segment.length; index++) {
    const character = segment.charAt(index);
    if (character === "*") {
      tokens.push({ kind: "star", isCrossing });
    } else if (character === "?") {
      tokens.push({ kind: "character", accepts: (each) => isCrossing || each !== "/" });
    } else if (character === "[") {
      // A "]" right behind the opening is a member of the set.
      const close = segment.indexOf("]", index + (segment[index + 1] === "!" ? 3 : 2));
      if (close === -1) {
        throw new WhorlError(
          "manifest",
          `"[" without "]" in "${pattern}"; close it, or write [[] for the character itself`,
        );
      }
      tokens.push(characterSet(segment.slice(index + 1, close)));
      index = close;
    } else {
      tokens.push(literal(character));
    }
  }
  return tokens;
}

function characterSet(members: string): Token {
  const isNegated = members.startsWith("!");
  const set = isNegated ? members.slice(1) : members;
  const accepts = (character: string): boolean => {
    if (character === "/") return false;
    for (let index = 0; index < set.length; index++) {
      const isRange = set[index + 1] === "-" && index + 2 < set.length;
      const first = set.charAt(index);
      const last = isRange ? set.charAt(index + 2) : first;
      if (character >= first && character <= last) return !isNegated;
      if (isRange) index += 2;
    }
    return isNegated;
  };
  return { kind: "character", accepts };
}

/**
 * Follows all ways through the tokens at once, so that the time is the product of both lengths
 * for every pattern. State 2n: before token n; 2n + 1: inside a directory name of token n.
 */
function matchTokens(tokens: readonly Token[], path: string): boolean {
  let states = new Set<number>();
  enterState(tokens, 0, states);
  for (const character of path) {
    const next = new Set<number>();
    for (const state of states) {
      const index = state >> 1;
      const token = tokens[index];
      if (token === undefined) continue;
      if (token.kind === "character") {
        if (token.accepts(character)) enterState(tokens, index + 1, next);
      } else if (token.kind === "star") {
        if (token.isCrossing || character !== "/") enterState(tokens, index, next);
      } else if (character === "/") {
        enterState(tokens, index, next);
      } else {
        next.add(2 * index + 1);
      }
    }
    states = next;
  }
  return states.has(2 * tokens.length);
}

/** Adds the state before a token, and those behind it as far as tokens match nothing. */
function enterState(tokens: readonly Token[], index: number, states: Set<number>): void {
  for (let at = index; ; at++) {
    states.add(2 * at);
    const token = tokens[at];
    if (token === undefined || token.kind === "character") return;
  }
}

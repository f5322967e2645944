import { WhorlError } from "../../error.ts";

/** One `/`-separated part of a route. */
type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "param"; readonly name: string }
  /** Text and parameters in one segment, separated by dots: `:name.json`. */
  | { readonly kind: "mixed"; readonly parts: readonly MixedPart[] };

type MixedPart = { readonly text: string } | { readonly name: string };

/** One value of a `:name` in a route. */
export type PathParam = readonly [name: string, value: string];

/** What one path gave for one pattern. */
export interface PatternMatch {
  readonly params: readonly PathParam[];
  /** What the trailing wildcard took, without the slash before it; undefined without wildcard. */
  readonly rest: string | undefined;
}

/** A compiled route. Paths given to it have no slashes at either end. */
export class RoutePattern {
  /** The path, where the pattern is text only. */
  readonly exactPath: string | undefined;
  /** The first segment, where it is text: every matching path begins with it. */
  readonly firstSegment: string | undefined;
  /** Equal for two patterns that match the same paths. */
  readonly shape: string;
  readonly #segments: readonly Segment[];
  readonly #wildcard: boolean;
  readonly #ranks: readonly number[];

  /** `path` begins with a slash and does not end with one. Throws WhorlError `manifest`. */
  constructor(path: string, origin: string) {
    const prefix = withoutWildcard(path);
    this.#wildcard = prefix !== path;
    const parts = prefix.split("/").filter((part) => part !== "");
    const segments = parts.map((part) => parseSegment(part, origin));
    this.#segments = segments;
    this.#ranks = [...segments.map(rankOf), ...(this.#wildcard ? [wildcardRank] : [])];
    this.shape = [...segments.map(shapeOf), ...(this.#wildcard ? ["*"] : [])].join("/");
    const first = segments[0];
    this.firstSegment = first?.kind === "text" ? first.text : undefined;
    const isExact = !this.#wildcard && segments.every((segment) => segment.kind === "text");
    this.exactPath = isExact ? parts.join("/") : undefined;
  }

  /** Negative if this pattern is tried before `other`. */
  compare(other: RoutePattern): number {
    const count = Math.min(this.#ranks.length, other.#ranks.length);
    for (let i = 0; i < count; i++) {
      const difference = (other.#ranks[i] ?? 0) - (this.#ranks[i] ?? 0);
      if (difference !== 0) return difference;
    }
    return this.#ranks.length - other.#ranks.length;
  }

  match(path: string): PatternMatch | undefined {
    const params: PathParam[] = [];
    let at = 0;
    for (let i = 0; i < this.#segments.length; i++) {
      if (i > 0 && path.charCodeAt(at++) !== slash) return undefined;
      // A parameter may be empty between two slashes, but not at the end.
      if (at >= path.length) return undefined;
      const next = path.indexOf("/", at);
      const end = next === -1 ? path.length : next;
      if (!matchSegment(this.#segments[i] as Segment, path.slice(at, end), params)) {
        return undefined;
      }
      at = end;
    }
    if (!this.#wildcard) return at === path.length ? { params, rest: undefined } : undefined;
    if (at === 0) return { params, rest: path };
    return { params, rest: path.slice(at + 1) };
  }
}

const slash = 47;
const wildcardRank = 0;

function withoutWildcard(path: string): string {
  if (path.endsWith("/...")) return path.slice(0, -4);
  return path.endsWith("/*") ? path.slice(0, -2) : path;
}

function parseSegment(part: string, origin: string): Segment {
  if (part.startsWith("*")) {
    throw new WhorlError(
      "manifest",
      `${origin}: "${part}" can only be the end of a route; write "/..." there`,
    );
  }
  if (!part.includes(":")) return { kind: "text", text: part };
  const pieces = part.split(".");
  if (!pieces.some((piece) => piece.startsWith(":"))) return { kind: "text", text: part };
  const parts = pieces.map((piece) =>
    piece.startsWith(":") ? { name: paramName(piece, origin) } : { text: piece },
  );
  const first = parts[0];
  if (parts.length === 1 && first !== undefined && "name" in first) {
    return { kind: "param", name: first.name };
  }
  return { kind: "mixed", parts };
}

function paramName(piece: string, origin: string): string {
  const name = piece.slice(1);
  // The name becomes part of a header's name (spin-path-match-<name>).
  if (/^[\w!#$%&'*+^`|~-]+$/.test(name)) return name;
  throw new WhorlError(
    "manifest",
    `${origin}: "${piece}" needs a name of letters, digits, "-" and "_" after the colon`,
  );
}

function matchSegment(segment: Segment, text: string, params: PathParam[]): boolean {
  if (segment.kind === "text") return segment.text === text;
  if (segment.kind === "mixed") return matchMixed(segment.parts, text, params);
  params.push([segment.name, text]);
  return true;
}

/** The last parameter takes further dots, the others end at the next one. */
function matchMixed(parts: readonly MixedPart[], text: string, params: PathParam[]): boolean {
  let rest: string | undefined = text;
  for (let i = 0; i < parts.length; i++) {
    if (rest === undefined) return false;
    const part = parts[i] as MixedPart;
    const dot: number = i === parts.length - 1 ? -1 : rest.indexOf(".");
    const piece: string = dot === -1 ? rest : rest.slice(0, dot);
    if ("name" in part) params.push([part.name, piece]);
    else if (part.text !== piece) return false;
    rest = dot === -1 ? undefined : rest.slice(dot + 1);
  }
  return rest === undefined;
}

/** Text before mixed segments before parameters; among mixed ones, text at the start, then the end. */
function rankOf(segment: Segment): number {
  if (segment.kind === "text") return 4;
  if (segment.kind === "param") return 1;
  const first = segment.parts[0];
  const last = segment.parts.at(-1);
  const startsWithText = first !== undefined && "text" in first;
  const endsWithText = last !== undefined && "text" in last;
  return 2 + (startsWithText ? 1 : 0) + (endsWithText ? 0.5 : 0);
}

function shapeOf(segment: Segment): string {
  if (segment.kind === "text") return segment.text;
  if (segment.kind === "param") return ":";
  return segment.parts.map((part) => ("name" in part ? ":" : part.text)).join(".");
}

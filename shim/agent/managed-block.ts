import { ShimError } from "../error.ts";

/**
 * A part of somebody else's file that is ours. It stands at the end, between two comments, and
 * everything around it stays as it is, byte for byte.
 */
const begin = "# >>> whorl: written by its node agent, which also takes it away; do not edit";
/** The same where the file did not end with a line break, so that it can end that way again. */
const beginAfterOpenLine = `${begin} (the line before was open)`;
const end = "# <<< whorl";

interface Place {
  readonly before: string;
  readonly content: string;
  readonly after: string;
}

/** The text with `content` (whole lines) as our part, in the place that it has or at the end. */
export function withBlock(text: string, content: string): string {
  const place = findBlock(text);
  if (place !== undefined) {
    const head = text.slice(place.before.length).startsWith("\n")
      ? `\n${beginAfterOpenLine}`
      : begin;
    return `${place.before}${head}\n${content}${end}\n${place.after}`;
  }
  const isOpen = text !== "" && !text.endsWith("\n");
  return `${text}${isOpen ? `\n${beginAfterOpenLine}` : begin}\n${content}${end}\n`;
}

/** The text as it was before {@link withBlock}. */
export function withoutBlock(text: string): string {
  const place = findBlock(text);
  return place === undefined ? text : place.before + place.after;
}

/** What stands in our part, undefined where there is none. */
export function blockOf(text: string): string | undefined {
  return findBlock(text)?.content;
}

/** Throws `failed_precondition` where only one of the two comments is there, or more than one. */
function findBlock(text: string): Place | undefined {
  const lines = text.split("\n");
  const starts = indexesOf(lines, (line) => line === begin || line === beginAfterOpenLine);
  const ends = indexesOf(lines, (line) => line === end);
  if (starts.length === 0 && ends.length === 0) return undefined;
  const [start] = starts;
  const [stop] = ends;
  if (starts.length !== 1 || ends.length !== 1 || start === undefined || stop === undefined) {
    throw broken(starts[0] ?? ends[0] ?? 0);
  }
  if (stop < start) throw broken(stop);
  const before = lines.slice(0, start).map(closed).join("");
  return {
    before: lines[start] === beginAfterOpenLine ? before.replace(/\n$/, "") : before,
    content: lines
      .slice(start + 1, stop)
      .map(closed)
      .join(""),
    after: lines.slice(stop + 1).join("\n"),
  };
}

function closed(line: string): string {
  return `${line}\n`;
}

function indexesOf(lines: readonly string[], isWanted: (line: string) => boolean): number[] {
  return lines.flatMap((line, index) => (isWanted(line) ? [index] : []));
}

function broken(index: number): ShimError {
  return new ShimError(
    "failed_precondition",
    `the part that Whorl wrote was changed: its first and last comment have to stand there once ` +
      `(line ${index + 1}); remove them and what is between them`,
  );
}

const unprintable =
  // oxlint-disable-next-line no-control-regex -- they are what this is about
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;

const short: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/**
 * Text from a guest or a client so that a terminal shows it and does nothing else: control
 * characters, line separators, marks that change the direction of text and lone surrogates become
 * escapes as in JavaScript (`\u001b`). A tab stays where `keepTabs` says so.
 */
export function printableText(text: string, keepTabs = false): string {
  if (isPlainAscii(text)) return text;
  return text.replace(unprintable, (character) => {
    if (character === "\t" && keepTabs) return character;
    return (
      short[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`
    );
  });
}

/** The same for messages of several lines, which stay lines. */
export function printableLines(text: string): string {
  if (isPlainAscii(text)) return text;
  return text
    .split("\n")
    .map((line) => printableText(line, true))
    .join("\n");
}

function isPlainAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

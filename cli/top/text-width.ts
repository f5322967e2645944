const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns of a terminal that a text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

/** Text in exactly so many columns: what is too long ends in an ellipsis. */
export function fitText(text: string, columns: number, side: "left" | "right" = "left"): string {
  if (columns <= 0) return "";
  const width = textWidth(text);
  if (width <= columns) {
    const space = " ".repeat(columns - width);
    return side === "left" ? text + space : space + text;
  }
  let cut = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = wide.test(segment) ? 2 : 1;
    if (used + next > columns - 1) break;
    cut += segment;
    used += next;
  }
  return `${cut}…${" ".repeat(columns - 1 - used)}`;
}

/** What all plots have in common: size, colours, a logarithmic axis. */
export const frame = {
  width: 640,
  height: 320,
  left: 60,
  right: 190,
  top: 40,
  bottom: 45,
} as const;

const colours = ["#2563eb", "#94a3b8", "#16a34a", "#ea580c", "#9333ea", "#dc2626"];
const decades = [1, 2, 5];

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Of the values above zero: a logarithm has no others. */
export function rangeOf(values: readonly number[]): Range {
  const all = values.filter((value) => value > 0);
  return all.reduce(
    ({ from, to }, value) => ({ from: Math.min(from, value), to: Math.max(to, value) }),
    { from: all[0] ?? 1, to: all[0] ?? 1 },
  );
}

export function colourOf(index: number): string {
  return colours[index % colours.length] ?? "#000";
}

/** Place of a value on the axis from left to right. */
export function across(value: number, range: Range): number {
  return frame.left + logPart(value, range) * (frame.width - frame.left - frame.right);
}

/** Place of a part between 0 and 1 on the axis upwards. */
export function up(part: number): number {
  return frame.height - frame.bottom - part * (frame.height - frame.top - frame.bottom);
}

/** Where a value lies between the ends of a range, as its logarithm. */
export function logPart(value: number, { from, to }: Range): number {
  return to > from ? Math.log(value / from) / Math.log(to / from) : 0.5;
}

/** Values at which an axis has a line: 1, 2 and 5 of each power of ten; of wide ranges only 1. */
export function ticksOf({ from, to }: Range): number[] {
  const steps = to / from > 5_000 ? [1] : decades;
  const ticks: number[] = [];
  for (let power = -4; power <= 9; power++) {
    for (const factor of steps) {
      const value = Number((factor * 10 ** power).toPrecision(1));
      if (value >= from && value <= to) ticks.push(value);
    }
  }
  return ticks;
}

export function gridAcross(range: Range): string {
  return ticksOf(range)
    .map((value) => {
      const x = across(value, range).toFixed(1);
      return (
        `<line x1="${x}" x2="${x}" y1="${up(0)}" y2="${up(1)}" stroke="#e2e8f0"/>` +
        `<text x="${x}" y="${up(0) + 15}" text-anchor="middle">${tickText(value)}</text>`
      );
    })
    .join("\n");
}

/** `10k`, `2M`. */
export function tickText(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e4 ? `${value / 1e3}k` : String(value);
}

export function legend(name: string, index: number): string {
  const y = frame.top + 16 * index + 8;
  const x = frame.width - frame.right + 14;
  return (
    `<rect x="${x}" y="${y - 8}" width="10" height="10" fill="${colourOf(index)}"/>` +
    `<text x="${x + 15}" y="${y}">${escaped(name)}</text>`
  );
}

/** The whole picture around what is drawn. */
export function framed(title: string, unit: string, content: readonly string[]): string {
  const { width, height, left } = frame;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${left}" y="22" font-size="14">${escaped(title)}</text>
<text x="${left}" y="${height - 8}">${escaped(unit)}</text>
${content.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

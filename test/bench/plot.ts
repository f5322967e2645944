/** One line of a plot: how a measured value is spread. */
export interface Series {
  readonly name: string;
  /** Any order. */
  readonly values: readonly number[];
}

export interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
}

const size = { width: 640, height: 320, left: 60, right: 190, top: 40, bottom: 45 };
const colours = ["#2563eb", "#94a3b8", "#16a34a", "#ea580c", "#9333ea", "#dc2626"];
const parts = Array.from({ length: 100 }, (_, index) => (index + 0.5) / 100);
const decades = [1, 2, 5];

/**
 * The cumulative distribution of each series as SVG: which part of the answers (up) has come after
 * how long (across, logarithmic).
 */
export function distributionPlot({ title, unit, series }: Plot): string {
  const all = series.flatMap(({ values }) => values).filter((value) => value > 0);
  const range = all.reduce(
    ({ from, to }, value) => ({ from: Math.min(from, value), to: Math.max(to, value) }),
    { from: all[0] ?? 1, to: all[0] ?? 1 },
  );
  const lines = series.map(({ name, values }, index) =>
    seriesLine({ name, values }, { range, index }),
  );
  const { width, height, left, top, bottom } = size;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${left}" y="22" font-size="14">${escaped(title)}</text>
${gridOf(range)}
<text x="${left}" y="${height - 8}">${escaped(unit)}</text>
<text x="${left - 8}" y="${top + 4}" text-anchor="end">100 %</text>
<text x="${left - 8}" y="${height - bottom}" text-anchor="end">0 %</text>
${lines.join("\n")}
</svg>
`;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

function across(value: number, { from, to }: Range): number {
  const part = to > from ? Math.log(value / from) / Math.log(to / from) : 0.5;
  return size.left + part * (size.width - size.left - size.right);
}

function up(part: number): number {
  return size.height - size.bottom - part * (size.height - size.top - size.bottom);
}

function seriesLine(
  { name, values }: Series,
  { range, index }: { readonly range: Range; readonly index: number },
): string {
  const sorted = values.filter((value) => value > 0).toSorted((a, b) => a - b);
  const points = parts.map((part) => {
    const value = sorted[Math.floor(part * sorted.length)] ?? range.to;
    return `${across(value, range).toFixed(1)},${up(part).toFixed(1)}`;
  });
  const colour = colours[index % colours.length] ?? "#000";
  const y = size.top + 16 * index + 8;
  const x = size.width - size.right + 14;
  return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(" ")}"/>
<rect x="${x}" y="${y - 8}" width="10" height="10" fill="${colour}"/><text x="${x + 15}" y="${y}">${escaped(name)}</text>`;
}

function gridOf(range: Range): string {
  const lines: string[] = [];
  for (let power = -4; power <= 6; power++) {
    for (const factor of decades) {
      const value = factor * 10 ** power;
      if (value < range.from || value > range.to) continue;
      const x = across(value, range).toFixed(1);
      lines.push(
        `<line x1="${x}" x2="${x}" y1="${up(0)}" y2="${up(1)}" stroke="#e2e8f0"/>` +
          `<text x="${x}" y="${up(0) + 15}" text-anchor="middle">${Number(value.toPrecision(1))}</text>`,
      );
    }
  }
  return lines.join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

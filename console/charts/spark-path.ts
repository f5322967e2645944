/** Size of a small chart, in its own units. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The line of a small chart as the `d` of a path: values from left to right over the whole width,
 * 0 at the bottom, `end` at the top. A gap (undefined) interrupts it.
 */
export function sparkPath(
  values: readonly (number | undefined)[],
  end: number,
  { width, height }: ChartSize,
): string {
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  let path = "";
  let isDown = false;
  for (const [at, value] of values.entries()) {
    if (value === undefined || !Number.isFinite(value)) {
      isDown = false;
      continue;
    }
    const y = height - (Math.max(0, Math.min(value, end)) / end) * height;
    path += `${isDown ? "L" : "M"}${round(at * step)} ${round(y)}`;
    isDown = true;
  }
  return path;
}

/** The same, with the area under the line closed; values without gaps. */
export function sparkArea(values: readonly number[], end: number, size: ChartSize): string {
  const line = sparkPath(values, end, size);
  return line === "" ? "" : `${line}L${size.width} ${size.height}L0 ${size.height}Z`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

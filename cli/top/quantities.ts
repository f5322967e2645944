const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `512B`, `1.5MiB`; `-` for what is not known. */
export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return "-";
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  const digits = unit === 0 || amount >= 100 ? 0 : 1;
  return `${amount.toFixed(digits)}${units[unit]}`;
}

/** `85us`, `1.25ms`, `2.5s`; `-` for what is not known. */
export function durationText(ms: number | undefined): string {
  if (ms === undefined) return "-";
  if (ms < 1) return `${Math.round(ms * 1000)}us`;
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)}ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)}s`;
}

/** `0`, `0.4`, `1250`. */
export function rateText(perSecond: number): string {
  return perSecond === 0 || perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toFixed(1);
}

/** `12%` of one; `-` for what is not known. */
export function shareText(share: number | undefined): string {
  if (share === undefined) return "-";
  const percent = share * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)}%`;
}

/** A figure and its unit apart, so that units can be set smaller. */
export interface Quantity {
  readonly figure: string;
  /** `""` where there is none. */
  readonly unit: string;
}

/** What is shown for what nobody knows. */
export const unknownQuantity: Quantity = { figure: "–", unit: "" };

const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `512 B`, `1.5 MiB`. */
export function bytesQuantity(bytes: number | undefined): Quantity {
  if (bytes === undefined) return unknownQuantity;
  let amount = bytes;
  let at = 0;
  while (amount >= 1024 && at < byteUnits.length - 1) {
    amount /= 1024;
    at++;
  }
  const digits = at === 0 || amount >= 100 || Number.isInteger(amount) ? 0 : 1;
  return { figure: amount.toFixed(digits), unit: byteUnits[at] ?? "B" };
}

/** `85 µs`, `1.25 ms`, `2.5 s`: three figures that count. */
export function durationQuantity(ms: number | undefined): Quantity {
  if (ms === undefined) return unknownQuantity;
  if (ms === 0) return { figure: "0", unit: "ms" };
  if (ms < 0.9995) {
    const micros = ms * 1000;
    return { figure: micros < 9.95 ? micros.toFixed(1) : String(Math.round(micros)), unit: "µs" };
  }
  if (ms < 999.5) return { figure: threeFigures(ms), unit: "ms" };
  return { figure: threeFigures(ms / 1000), unit: "s" };
}

function threeFigures(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

/** `0`, `0.4`, `1,250`: of requests in a second. */
export function rateText(perSecond: number | undefined): string {
  if (perSecond === undefined) return unknownQuantity.figure;
  if (perSecond === 0) return "0";
  if (perSecond < 0.05) return "<0.1";
  if (perSecond >= 9.95) return countText(Math.round(perSecond));
  return perSecond.toFixed(1).replace(/\.0$/, "");
}

/** `1,250,000`. */
export function countText(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** `0%`, `0.3%`, `12%` of one; never rounds something to nothing. */
export function shareText(share: number | undefined): string {
  if (share === undefined) return unknownQuantity.figure;
  const percent = share * 100;
  if (percent === 0) return "0%";
  if (percent < 0.1) return "<0.1%";
  return percent < 9.95 ? `${percent.toFixed(1)}%` : `${Math.round(percent)}%`;
}

/** Both parts as one text, for labels that are read aloud or stand in a table. */
export function quantityText({ figure, unit }: Quantity): string {
  return unit === "" ? figure : `${figure} ${unit}`;
}

/** `just now`, `40 s`, `3 min`, `5 h`, `2 d`: how long something lasts. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 90) return `${Math.max(0, seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 36 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** `14:05:09.123` of the viewer's day. */
export function clockText(timeMs: number): string {
  const at = new Date(timeMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const ms = String(at.getMilliseconds()).padStart(3, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`;
}

import { OperatorError } from "../error.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const form = /^([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)$/u;

/** Milliseconds of a duration such as `500ms` or `1.5s`, at least 1. Throws `invalid`. */
export function durationMs(text: string, field: string): number {
  const match = form.exec(text);
  const unit = unitMs[match?.[2] ?? ""];
  if (match === null || unit === undefined) {
    throw new OperatorError(
      "invalid",
      `${field} must be a duration (e.g. 500ms, 30s), not "${text}"`,
    );
  }
  return Math.max(1, Math.round(Number(match[1]) * unit));
}

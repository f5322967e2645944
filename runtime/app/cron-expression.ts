import { Cron } from "croner";

/**
 * The points in time of a cron expression, in UTC: five fields from minutes on or six with seconds
 * in front; `1/2` counts from 1 in steps of 2, as the scheduler of Spin's plugin has it. Nothing
 * runs by it. Throws an Error for text that is no such expression.
 */
export function cronExpression(text: string): Cron {
  return new Cron(text, { paused: true, timezone: "UTC", sloppyRanges: true });
}

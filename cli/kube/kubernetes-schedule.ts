import { WhorlError } from "../../runtime/error.ts";

/**
 * A manifest's cron expression (seconds in front, UTC) as Kubernetes takes it: five fields.
 * @throws WhorlError `usage` for what a CronJob cannot express.
 */
export function kubernetesSchedule(expression: string): string {
  const fields = expression.trim().split(/\s+/);
  const [seconds, ...rest] = fields.length === 6 ? fields : ["0", ...fields];
  if (rest.length !== 5) {
    throw refused(expression, "it needs five fields, or six with seconds in front");
  }
  if (seconds !== "0") {
    throw refused(
      expression,
      `it runs at the seconds "${seconds}" of a minute, a CronJob at 0 only`,
    );
  }
  const special = rest.find((field) => !plainField.test(field));
  if (special !== undefined) throw refused(expression, `a CronJob has no "${special}"`);
  // Both 0 and 7 are Sunday in the manifest, only 0 is for Kubernetes.
  const weekday = rest[4] === "7" ? "0" : (rest[4] ?? "*");
  if (/(^|[,/-])7/.test(weekday)) {
    throw refused(expression, `a CronJob has no day 7 of the week, write 0 for Sunday`);
  }
  return [...rest.slice(0, 4), weekday].join(" ");
}

/** Numbers and names of three letters in lists, ranges and steps. */
const plainField = /^(?:\d+|[A-Z]{3}|[*,/?-])+$/i;

function refused(expression: string, reason: string): WhorlError {
  return new WhorlError(
    "usage",
    `"${expression}" cannot be the schedule of a CronJob: ${reason}; give another --schedule, or run the app always with --kind spinapp`,
  );
}

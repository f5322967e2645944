import { printableText } from "../../runtime/telemetry/printable-text.ts";
import type { SpinAppCondition, SpinAppObject } from "./spin-apps.ts";

/** Rows in columns that are as wide as they have to be, with the first row as their titles. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const [titles = []] = rows;
  const widths = titles.map((_title, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

/** Apps with where they are, what runs them, and how many of their pods are ready. */
export function appTable(apps: readonly SpinAppObject[]): string {
  return textTable([
    ["NAMESPACE", "NAME", "EXECUTOR", "READY"],
    ...apps.map((app) => [
      app.metadata?.namespace ?? "",
      app.metadata?.name ?? "",
      app.spec?.executor ?? "",
      readyText(app),
    ]),
  ]);
}

/** One app: its row, its image, and what keeps it from being ready. */
export function appText(app: SpinAppObject): string {
  const conditions = app.status?.conditions ?? [];
  return `${appTable([app])}\nImage: ${app.spec?.image ?? ""}\n${conditions.map(conditionLine).join("")}`;
}

function conditionLine({ type, status, reason, message }: SpinAppCondition): string {
  const why = reason === undefined || reason === "" ? "" : ` (${reason})`;
  const text = message === undefined || message === "" ? "" : `: ${message}`;
  // A guest may have had its say in it.
  return `${printableText(`${type}: ${status}${why}${text}`)}\n`;
}

function readyText({ spec, status }: SpinAppObject): string {
  return `${status?.readyReplicas ?? 0}/${spec?.replicas ?? status?.replicas ?? 0}`;
}

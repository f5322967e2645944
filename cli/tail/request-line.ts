import { styleText } from "node:util";
import type { FollowedLine } from "../../runtime/telemetry/admin/admin-client.ts";
import { printableText } from "../../runtime/telemetry/printable-text.ts";
import type { RequestRecord } from "../../runtime/telemetry/live/request-record.ts";
import { safeJson } from "../safe-json.ts";
import { durationText } from "../top/quantities.ts";

export interface LineStyle {
  readonly hasColors: boolean;
  /** Where requests of several apps are shown. */
  readonly namesApps?: boolean;
  /** Where requests of several pods are shown. */
  readonly place?: LinePlace;
}

/** Where in a cluster a request was answered. */
export interface LinePlace {
  readonly pod: string;
  readonly node: string;
}

/**
 * One line of the live request log for people: time, status, duration, method and path, component,
 * how the instance was had, trace, failure. Whatever came from outside is escaped.
 */
export function requestLine(line: FollowedLine, style: LineStyle): string {
  const pod =
    style.place === undefined
      ? ""
      : `${paint(style, "dim", `[${printableText(style.place.pod)}]`)} `;
  if ("lost" in line) {
    const text = `... ${line.lost} requests not shown: too many at once`;
    return pod + paint(style, "yellow", text);
  }
  const what =
    line.method === ""
      ? `${line.trigger} ${printableText(line.path)}`
      : `${printableText(line.method)} ${printableText(line.path)}`;
  const parts = [
    clock(line.timeMs),
    statusText(line, style),
    durationText(line.durationMs).padStart(7),
    what,
    printableText(style.namesApps === true ? `${line.app}/${line.component}` : line.component),
    startText(line, style),
    ...(line.traceId === "" ? [] : [paint(style, "dim", line.traceId)]),
    ...(line.message === undefined ? [] : [paint(style, "red", failure(line.message))]),
  ];
  return pod + parts.join("  ");
}

/** The same for programs. */
export function requestJson(line: FollowedLine, place?: LinePlace): string {
  return safeJson(
    "lost" in line
      ? { event: "lost", count: line.lost, ...place }
      : { event: "request", ...line, ...place },
  );
}

/** Only the first line: the rest is a stack, which the log of the app has. */
function failure(message: string): string {
  return printableText(message.split("\n", 1)[0] ?? "");
}

function clock(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 23);
}

function statusText({ status, error }: RequestRecord, style: LineStyle): string {
  const text = status === 0 ? (error === undefined ? "ok " : "err") : String(status);
  if (error !== undefined || status >= 500) return paint(style, "red", text);
  return status >= 400 ? paint(style, "yellow", text) : paint(style, "green", text);
}

function startText({ isCold, start }: RequestRecord, style: LineStyle): string {
  if (isCold) return paint(style, "cyan", "cold");
  return start === undefined ? "-" : "warm";
}

function paint(
  { hasColors }: LineStyle,
  color: "red" | "green" | "yellow" | "cyan" | "dim",
  text: string,
): string {
  return hasColors ? styleText(color, text, { validateStream: false }) : text;
}

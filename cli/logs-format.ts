import { printableText } from "../runtime/telemetry/printable-text.ts";

/** A line that a guest wrote, with what is known about it. */
export interface GuestLine {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly component: string;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
  /** Undefined outside a request, or where telemetry is off. */
  readonly traceId: string | undefined;
}

/** Lines of a component that the rate limit held back. */
export interface DroppedLines {
  readonly timeMs: number;
  readonly component: string;
  readonly count: number;
}

/** Writes guests' lines in one form, each as one line without its line break. */
export interface LogFormat {
  line(line: GuestLine): string;
  dropped(lines: DroppedLines): string;
}

/** For people: `[component] text`, control characters escaped so that no terminal obeys them. */
export const textLogFormat: LogFormat = {
  line: ({ component, text }) => `[${printableText(component)}] ${printableText(text, true)}`,
  dropped: ({ component, count }) =>
    `[${printableText(component)}] ... ${count} lines dropped: it writes more than is shown`,
};

/** For programs: one JSON object per line; JSON itself escapes what a terminal would obey. */
export const jsonLogFormat: LogFormat = {
  line: ({ timeMs, component, stream, text, traceId }) =>
    json({
      time: new Date(timeMs).toISOString(),
      event: "log",
      component,
      stream,
      line: text,
      ...(traceId === undefined ? {} : { trace_id: traceId }),
    }),
  dropped: ({ timeMs, component, count }) =>
    json({
      time: new Date(timeMs).toISOString(),
      event: "dropped",
      component,
      lines: count,
    }),
};

/** JSON leaves some characters as they are that terminals and editors act on. */
function json(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

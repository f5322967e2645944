import { styleText } from "node:util";
import type { App, EventTrigger, HttpTrigger } from "../runtime/app/app.ts";
import { errorText, WhorlError } from "../runtime/error.ts";
import { printableLines, printableText } from "../runtime/telemetry/printable-text.ts";
import type { TextSink } from "./io.ts";
import { safeJson } from "./safe-json.ts";

/** What a command tells, in one of two forms: for people or one JSON object per line. */
export interface Reporter {
  /** `url` is undefined for an app that listens to nothing. */
  started(app: App, url: string | undefined): void;
  /** `traceId` says of which request, where that is known. */
  guestLine(component: string, stream: "stdout" | "stderr", line: string, traceId?: string): void;
  /** A component wrote more lines than are shown. */
  linesDropped(component: string, count: number): void;
  /** The live view is there for whoever opens this address. */
  consoleReady(url: string): void;
  warning(message: string): void;
  /** A failure of the app that belongs to no answer, or whose answer does not explain it. */
  appError(message: string): void;
  /** Any thrown value; one that is no WhorlError is a mistake of this program. */
  error(error: unknown): void;
  stopping(signal: string): void;
}

export interface OutputStreams {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
}

const componentColors = ["cyan", "magenta", "green", "yellow", "blue", "redBright"] as const;

/** Text for people: results on stdout, everything else on stderr, guests' lines where they wrote. */
export function createTextReporter({ stdout, stderr }: OutputStreams): Reporter {
  let isCommand = false;
  return {
    started(app, url) {
      isCommand = url === undefined && app.eventTriggers.every(({ kind }) => kind === "command");
      if (isCommand) return;
      const lines = url === undefined ? [] : [`Serving ${paint(stdout, "bold", url)}`];
      if (url !== undefined) lines.push("Available Routes:");
      for (const route of url === undefined ? [] : describeRoutes(app, url)) {
        const note = route.note === undefined ? "" : ` (${route.note})`;
        lines.push(`  ${paint(stdout, "bold", route.name)}: ${route.url}${note}`);
      }
      const events = app.eventTriggers.map((trigger) => describeEvents(trigger));
      if (events.length > 0) lines.push("Waiting for:");
      for (const [name, text] of events) lines.push(`  ${paint(stdout, "bold", name)}: ${text}`);
      stdout.write(`${lines.join("\n")}\n`);
    },
    guestLine(component, stream, line) {
      const sink = stream === "stdout" ? stdout : stderr;
      // A command's output may be another program's input.
      if (isCommand) sink.write(`${line}\n`);
      else sink.write(`${tag(sink, component)} ${printableText(line, true)}\n`);
    },
    linesDropped(component, count) {
      const note = `... ${count} lines dropped: it writes more than is shown`;
      stderr.write(`${tag(stderr, component)} ${note}\n`);
    },
    consoleReady(url) {
      stdout.write(`Console: ${paint(stdout, "bold", url)}\n`);
    },
    warning(message) {
      stderr.write(`${paint(stderr, "yellow", "warning:")} ${printableLines(message)}\n`);
    },
    appError(message) {
      stderr.write(`${paint(stderr, "red", "error:")} ${printableLines(message)}\n`);
    },
    error(error) {
      stderr.write(`${paint(stderr, "red", "error:")} ${printableLines(explainError(error))}\n`);
    },
    stopping(signal) {
      stderr.write(`${signal}: finishing requests in flight; once more to stop at once\n`);
    },
  };
}

/** One JSON object per line on stdout, each with the key `event`. */
export function createJsonReporter({ stdout }: OutputStreams): Reporter {
  const write = (event: string, details: object): void => {
    stdout.write(`${safeJson({ event, ...details })}\n`);
  };
  return {
    started: (app, url) => {
      const routes = url === undefined ? [] : describeRoutes(app, url);
      const triggers = app.eventTriggers.map(({ kind, id, component }) => ({
        kind,
        id,
        component,
      }));
      if (url === undefined) write("started", { app: app.name, triggers });
      else write("listening", { app: app.name, url, routes, triggers });
    },
    guestLine: (component, stream, line, traceId) => {
      const trace = traceId === undefined ? {} : { trace_id: traceId };
      write("log", { component, stream, line, ...trace });
    },
    linesDropped: (component, count) => write("dropped", { component, lines: count }),
    consoleReady: (url) => write("console", { url }),
    warning: (message) => write("warning", { message }),
    appError: (message) => write("error", { code: "app", message }),
    error: (error) => {
      const code = error instanceof WhorlError ? error.code : "internal";
      write("error", { code, message: errorText(error) });
    },
    stopping: (signal) => write("stopping", { signal }),
  };
}

/** Drops the lines of guests. */
export function withoutGuestLines(reporter: Reporter): Reporter {
  return { ...reporter, guestLine: () => undefined, linesDropped: () => undefined };
}

interface RouteDescription {
  readonly name: string;
  readonly url: string;
  readonly note?: "wildcard" | "private" | "static";
}

function describeRoutes(app: App, url: string): RouteDescription[] {
  return app.httpTriggers.map((trigger) => describeRoute(trigger, url));
}

function describeRoute({ id, route, target }: HttpTrigger, url: string): RouteDescription {
  const name = target.kind === "component" ? target.component : id;
  if (route === undefined) return { name, url: `http://${name}.spin.internal`, note: "private" };
  const wildcard = /\/(?:\.\.\.|\*)$/.exec(`/${route.replace(/^\//, "")}`);
  const path = `/${route.replace(/^\//, "")}`.slice(0, wildcard?.index ?? undefined);
  const full = `${url}${path === "/" ? "" : path}`;
  if (wildcard !== null) return { name, url: full, note: "wildcard" };
  return target.kind === "static" ? { name, url: full, note: "static" } : { name, url: full };
}

/** The component and what it waits for; without credentials, which addresses may have. */
function describeEvents(trigger: EventTrigger): [component: string, what: string] {
  const { component } = trigger;
  switch (trigger.kind) {
    case "redis":
      return [component, `messages of channel "${trigger.channel}" (redis)`];
    case "mqtt":
      return [component, `messages of topic "${trigger.topic}" (mqtt)`];
    case "sqs":
      return [component, `messages of ${trigger.queueUrl} (sqs)`];
    case "cron":
      return [component, `${trigger.expression} (cron, UTC)`];
    case "command":
      return [component, "its end (command)"];
  }
}

/** Message of an error; an unexpected one with its stack, to be reported. */
function explainError(error: unknown): string {
  if (error instanceof WhorlError) return error.message;
  const stack = error instanceof Error && error.stack !== undefined ? error.stack : String(error);
  return `unexpected: ${errorText(error)}\nThis is a mistake in whorl; please report it with:\n${stack}`;
}

function tag(sink: TextSink, component: string): string {
  return paint(sink, colorOf(component), `[${printableText(component)}]`);
}

function colorOf(component: string): (typeof componentColors)[number] {
  let hash = 0;
  for (const character of component) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return componentColors[hash % componentColors.length] ?? "cyan";
}

type Format = "bold" | "red" | "yellow" | (typeof componentColors)[number];

function paint(sink: TextSink, format: Format, text: string): string {
  // Whether the sink shows colours is decided already.
  return sink.hasColors ? styleText(format, text, { validateStream: false }) : text;
}

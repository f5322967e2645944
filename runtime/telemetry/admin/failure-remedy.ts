import type { ExportedSpan, SpanRecord } from "../trace/span-record.ts";
import type { KeptRequest } from "../live/request-recorder.ts";

/** A sentence or two for a person: what to do about a request that failed. */
export function failureRemedy({ record, spans, lines }: KeptRequest): string {
  const { error = "", message = "" } = record;
  const refused = refusal(spans);
  if (refused !== undefined) return refused;
  const byMessage = messages.find(([pattern]) => pattern.test(message));
  if (byMessage !== undefined && (error === "trap" || error === "limit")) return byMessage[1];
  const hint = lines.length > 0 ? " What it wrote meanwhile is below." : "";
  return (codes[error] ?? otherwise) + hint;
}

const otherwise = "The message says what happened; the spans show when and where.";

const codes: Readonly<Record<string, string>> = {
  trap: "The guest broke off: its own stack in the message says where.",
  limit: "A bound of the guest was reached: raise it (whorl up --help) or let the guest use less.",
  response: "The guest itself answered so: its code decides; look at what it wrote and called.",
  no_handler: "The component does not export what its trigger calls: build it for this trigger.",
  import_missing: "The component needs something that this version does not offer: update one.",
  unsupported: "The component uses something that this version does not know: update Whorl.",
  internal: "This looks like a mistake of Whorl itself: report it with the message and the app.",
};

/** What engines and toolchains say, and what it means for who wrote the guest. */
const messages: readonly (readonly [RegExp, string])[] = [
  [
    /unreachable/,
    "The guest gave up: a panic, an abort or an assertion. What it wrote to stderr says why.",
  ],
  [
    /memory access out of bounds|index out of bounds/i,
    "The guest read or wrote outside its memory: a bug of its own, or of a library that it uses.",
  ],
  [/divide by zero|remainder by zero/i, "The guest divided by zero: check what it was given."],
  [
    /used up its stack/,
    "The guest's calls are nested too deeply: look for a recursion without an end.",
  ],
  [
    /instances of the component are busy/,
    "All instances are busy: run more copies of the app, or find out what they wait for.",
  ],
  [
    /CPU time/,
    "The guest computed without a pause for too long: split the work, or raise --max-cpu-time.",
  ],
  [
    /took longer than/,
    "The guest took too long: see what it waited for, or raise --request-timeout.",
  ],
  [
    /memory for another instance|memory begins with/,
    "There is no memory for another instance: give the process more, or the guests less.",
  ],
  [/did not (?:set|send|answer)|no response/i, "The guest returned without an answer."],
];

/** What the guest asked for and was not allowed to have is mostly what went wrong. */
function refusal(spans: readonly ExportedSpan[]): string | undefined {
  for (const each of spans) {
    if (each.from !== "host") continue;
    const text = refusedBy(each.span);
    if (text !== undefined) return text;
  }
  return undefined;
}

function refusedBy({ name, error, attributes }: SpanRecord): string | undefined {
  if (error === "HTTP-request-denied") {
    const url = attributes.find(([key]) => key === "url.full")?.[1];
    const origin = URL.parse(String(url))?.origin ?? "the host";
    return `The guest may not reach ${origin}: add it to allowed_outbound_hosts of the component.`;
  }
  if (error === "access-denied" || error === "no-such-store" || error === "no-such-database") {
    const key = name.includes("sqlite") ? "sqlite_databases" : "key_value_stores";
    return `The guest opened a store that it may not use: add its name to ${key} of the component.`;
  }
  return undefined;
}

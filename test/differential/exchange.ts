import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";

/** One request, sent alike to every engine. */
export interface Question {
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Buffer;
}

/** What of a response has to be equal. */
export interface Answer {
  readonly status: number;
  /** Sorted by name, in the order received where a name occurs more than once. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

/** When it was sent, and how it is framed and kept open, is up to each server. */
const ownHeaders = new Set([
  "date",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
]);

/** Sends a question on a connection of its own. */
export async function ask(origin: string, question: Question): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  const outgoing = request({
    hostname,
    port,
    method: question.method ?? "GET",
    path: question.target,
    headers: ["host", "example.test", ...(question.headers ?? []).flat()],
    agent: false,
  });
  outgoing.end(question.body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  const body = Buffer.concat(await incoming.toArray()).toString("latin1");
  return { status: incoming.statusCode ?? 0, headers: headersOf(incoming.rawHeaders), body };
}

function headersOf(raw: readonly string[]): [string, string][] {
  const headers: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? "").toLowerCase();
    if (!ownHeaders.has(name)) headers.push([name, raw[index + 1] ?? ""]);
  }
  return headers.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b)));
}

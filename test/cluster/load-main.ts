/**
 * Sends requests to the address in its argument, each on a connection of its own, until SIGTERM; then
 * prints what became of them. The second argument: milliseconds between two of a client.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";

export interface LoadResult {
  readonly answered: number;
  /** The first few of what went wrong. */
  readonly failures: readonly string[];
}

const clients = 4;
const failuresKept = 5;
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const [url = "", pauseMs = "0"] = process.argv.slice(2);
// Each connection is a choice of the Service, as it is for other clients.
const dispatcher = new Agent({ pipelining: 0, connections: clients });
const failures: string[] = [];
let answered = 0;
await Promise.all(Array.from({ length: clients }, askAgain));
await dispatcher.close();
const result: LoadResult = { answered, failures };
process.stdout.write(JSON.stringify(result));

async function askAgain(): Promise<void> {
  while (!stop.signal.aborted) {
    await ask();
    if (pauseMs !== "0") await delay(Number(pauseMs));
  }
}

async function ask(): Promise<void> {
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      headers: { connection: "close" },
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${statusCode} ${text}`);
    answered += 1;
  } catch (error) {
    if (failures.length < failuresKept) failures.push(String(error));
  }
}

/**
 * Asks an app every ten milliseconds, each time over a new connection: `quiet-client.ts ADDRESS PORT
 * HOST SECONDS`. Prints as JSON how many milliseconds each answer took. A program of its own, so
 * that it can be started with a priority at which it does not wait for a processor itself.
 */
import { setTimeout as delay } from "node:timers/promises";
import { firstByte } from "./first-byte.ts";

const everyMs = 10;
/** Answers at the beginning do not count: the client itself is cold. */
const warmUpAnswers = 20;

const [address = "", port = "", host = "", seconds = ""] = process.argv.slice(2);
const untilMs = performance.now() + Number(seconds) * 1000;
const times: number[] = [];
while (performance.now() < untilMs) {
  const { ms, status } = await firstByte(Number(port), host, "/", address);
  if (status !== 200) throw new Error(`the quiet app answered ${status}`);
  times.push(ms);
  await delay(everyMs);
}
console.log(JSON.stringify(times.slice(warmUpAnswers)));

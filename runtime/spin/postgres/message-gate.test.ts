import { expect, test } from "vitest";
import { MessageGate } from "./message-gate.ts";

function message(type: string, body: string | Buffer = ""): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.from(`${type}\0\0\0\0`);
  header.writeUInt32BE(bytes.length + 4, 1);
  return Buffer.concat([header, bytes]);
}

const parsed = message("1");
const bound = message("2");
const done = message("C", "SELECT 1\0");
const ready = message("Z", "I");
const row = message("D", Buffer.from([0, 2, 0, 0, 0, 1, 0x61, 0xff, 0xff, 0xff, 0xff]));
const failure = message("E", "SERROR\0\0");

/** What comes out, in order: texts of messages, rows as arrays. */
function gate(): { out: unknown[]; broken: string[]; messages: MessageGate } {
  const out: unknown[] = [];
  const broken: string[] = [];
  const messages = new MessageGate(
    (fields) => out.push(fields.map((field) => field?.toString() ?? null)),
    (error) => broken.push(error.message),
  );
  messages.on("data", (bytes: Buffer) => out.push(bytes.toString("latin1")));
  return { out, broken, messages };
}

const text = (...all: readonly Buffer[]): string => Buffer.concat(all).toString("latin1");

test("rows come as bytes, the rest together, acknowledgements not at all", () => {
  const { out, messages } = gate();
  messages.push(Buffer.concat([parsed, bound, row, row, done, ready]));
  expect(out).toEqual([["a", null], ["a", null], text(done, ready)]);
});

test("bytes may be cut anywhere", () => {
  const { out, messages } = gate();
  for (const byte of Buffer.concat([parsed, done, row, ready])) messages.push(Buffer.from([byte]));
  expect(out).toEqual([text(done), ["a", null], text(ready)]);
});

test("what comes before a cut message is not held back", () => {
  const { out, messages } = gate();
  messages.push(Buffer.concat([done, ready.subarray(0, 3)]));
  expect(out).toEqual([text(done)]);
  messages.push(ready.subarray(3));
  expect(out).toEqual([text(done), text(ready)]);
});

test("an exchange that is skipped ends with its ReadyForQuery", () => {
  const { out, messages } = gate();
  messages.skipExchange();
  messages.push(Buffer.concat([done, ready, parsed, bound, row, done, ready]));
  expect(out).toEqual([["a", null], text(done, ready)]);
});

test("a command that is skipped ends with its completion, wherever bytes are cut", () => {
  const { out, messages } = gate();
  messages.skipCommand();
  const discarded = [parsed, bound, message("S", "TimeZone\0UTC\0"), message("C", "DISCARD ALL\0")];
  const all = Buffer.concat([...discarded, parsed, bound, row, done, ready]);
  for (const byte of all) messages.push(Buffer.from([byte]));
  expect(out).toEqual([["a", null], text(done), text(ready)]);
});

test.each([
  ["a failure", failure],
  ["an end of the exchange", ready],
])("%s instead of a command that is skipped breaks the connection", (_, bytes) => {
  const { out, broken, messages } = gate();
  messages.skipCommand();
  messages.push(Buffer.concat([parsed, bytes, done, ready]));
  expect(out).toEqual([]);
  expect(broken).toEqual(["the session could not be made as new"]);
});

test.each([
  ["a failure of what is skipped", failure, "the session could not be made as new"],
  ["no message", Buffer.from("<html></html>"), "the server does not speak PostgreSQL"],
])("%s breaks the connection, and nothing is read any more", (_, bytes, reason) => {
  const { out, broken, messages } = gate();
  messages.skipExchange();
  messages.push(Buffer.concat([bytes, row]));
  messages.push(row);
  expect(out).toEqual([]);
  expect(broken).toEqual([reason]);
});

test.each([
  ["a text without an end", message("C", "SELECT 1"), "the server sent a broken message"],
  [
    "a row shorter than it says",
    message("D", Buffer.from([0, 1, 0, 0, 0, 9])),
    "the server sent a broken row",
  ],
])("%s breaks the connection", (_, bytes, reason) => {
  const { broken, messages } = gate();
  messages.push(Buffer.concat([bytes, ready]));
  expect(broken).toEqual([reason]);
});

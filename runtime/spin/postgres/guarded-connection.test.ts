import { once } from "node:events";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { GuardedConnection } from "./guarded-connection.ts";

function serverVersion(version: string): Buffer {
  const body = Buffer.from(`server_version\0${version}\0`);
  const header = Buffer.from("S\0\0\0\0");
  header.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

const inOneExchange =
  "P\0\0\0\u0013\0DISCARD ALL\0\0\0B\0\0\0\u000c\0\0\0\0\0\0\0\0E\0\0\0\u0009\0\0\0\0\0";
const apart = "Q\0\0\0\u0010DISCARD ALL\0";

test.each([
  ["15.14 (Debian 15.14-0+deb12u1)", inOneExchange],
  ["18beta1", apart],
  ["18.1", inOneExchange],
  ["14.19", apart],
  ["9.6.24", apart],
  ["15.2-YB-2.25.0.0-b0", apart],
  ["13.0.0", apart],
  ["nonsense", apart],
])("a server of version %s discards", async (version, expected) => {
  let sent = "";
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _, done) => {
      sent += chunk.toString("latin1");
      done();
    },
  });
  const connection = new GuardedConnection({ stream: () => stream });
  connection.attachListeners(stream);
  const told = once(connection, "parameterStatus");
  stream.push(serverVersion(version));
  await told;
  connection.discardAhead();
  expect(sent).toBe(expected);
});

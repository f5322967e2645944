import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { isPortForwarded, lookHeader } from "./port-forwarded.ts";

const [name, value] = lookHeader;

function request(
  remoteAddress: string | undefined,
  localAddress: string,
  headers: Record<string, string>,
): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  Object.defineProperty(message, "socket", { value: { remoteAddress, localAddress } });
  Object.assign(message.headers, headers);
  return message;
}

test.each<[boolean, string | undefined, string, Record<string, string>]>([
  [true, "127.0.0.1", "127.0.0.1", { [name]: value }],
  [true, "::1", "::1", { [name]: value }],
  [true, "::ffff:127.0.0.1", "::ffff:127.0.0.1", { [name]: value }],
  // Another pod.
  [false, "10.1.0.7", "10.1.0.8", { [name]: value }],
  // What a mesh's proxy passes on from outside.
  [false, "127.0.0.6", "10.1.0.8", { [name]: value }],
  [false, "127.0.0.1", "10.1.0.8", { [name]: value }],
  [false, "127.0.0.6", "127.0.0.1", { [name]: value }],
  [false, "10.1.0.8", "10.1.0.8", { [name]: value }],
  // Gone already.
  [false, undefined, "127.0.0.1", { [name]: value }],
  // A guest that fetches an address that somebody else has chosen.
  [false, "127.0.0.1", "127.0.0.1", {}],
  [false, "127.0.0.1", "127.0.0.1", { [name]: "" }],
])("%s from %s to %s with %j", (expected, remote, local, headers) => {
  expect(isPortForwarded(request(remote, local, headers))).toBe(expected);
});

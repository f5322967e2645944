import { expect, test } from "vitest";
import { tcpRefusal } from "./tcp-state.ts";
import type { TcpOperation, TcpStateKind } from "./tcp-state.ts";

const kinds: readonly TcpStateKind[] = [
  "unbound",
  "bind-in-progress",
  "bound",
  "listen-in-progress",
  "listening",
  "connect-in-progress",
  "connected",
  "closed",
];

const letters = {
  ".": undefined,
  S: "invalid-state",
  C: "concurrency-conflict",
  N: "not-in-progress",
  T: "timeout",
} as const;

// Columns are the kinds in their order; the closed socket was closed by `timeout`.
test.each<[TcpOperation, string]>([
  ["start-bind", ".CSCSCSS"],
  ["finish-bind", "N.NNNNNN"],
  ["start-connect", ".C.CSCSS"],
  ["finish-connect", "NNNNN.NN"],
  ["start-listen", "SC.CSCSS"],
  ["finish-listen", "NNN.NNNN"],
  ["accept", "SSSS.SSS"],
  ["shutdown", "SSSSSS.S"],
  ["local-address", "SS...S.T"],
  ["remote-address", "SSSSSS.T"],
  ["backlog", ".....SST"],
  ["option", ".....S.T"],
])("%s: %s", (operation, row) => {
  const refusals = kinds.map((kind) => tcpRefusal(kind, operation, "timeout"));
  const expected = Array.from(row, (letter) => letters[letter as keyof typeof letters]);
  expect(refusals).toEqual(expected);
});

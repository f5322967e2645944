import { expect, test } from "vitest";
import { whorl } from "../../proto/gen/wire.js";
import { parseStartOutput } from "./stock-shim.ts";

const address = "unix:///run/s";

test.each<[string, Uint8Array, number]>([
  ["plain", Buffer.from(address), 2],
  ["plain with a line end", Buffer.from(`${address}\n`), 2],
  ["JSON", Buffer.from(JSON.stringify({ version: 3, address, protocol: "ttrpc" })), 3],
  [
    "protobuf",
    whorl.bootstrap.BootstrapResult.encode({ version: 3, address, protocol: "ttrpc" }).finish(),
    3,
  ],
])("%s", (_name, output, version) => {
  expect(parseStartOutput(output)).toEqual({ address, version });
});

test.each(["", "{", "{}", "hello", '{"version":"3","address":"a"}'])(
  "%j is no address",
  (output) => {
    expect(() => parseStartOutput(Buffer.from(output))).toThrow("printed no address");
  },
);

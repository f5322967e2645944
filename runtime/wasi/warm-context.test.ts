import { expect, test } from "vitest";
import type { WasiContext } from "./context.ts";
import { emptyInputStream, nullOutputStream } from "./io/memory-streams.ts";
import { lastingInput, lastingOutput } from "./io/standard-streams.ts";
import type { OutputStream } from "./io/streams.ts";
import { warmContext } from "./warm-context.ts";

const open: WasiContext = {
  cli: {
    environment: [["A", "1"]],
    arguments: [],
    stdin: () => expect.unreachable(),
    stdout: () => expect.unreachable(),
    stderr: () => expect.unreachable(),
    terminal: { stdin: false, stdout: false, stderr: false },
  },
  clocks: { monotonicNs: () => 5n, wallNs: () => 6n },
  random: { bytes: (length) => new Uint8Array(length).fill(7) },
  filesystem: { preopens: [{ hostPath: "/", guestPath: "/", writable: true }] },
  sockets: { isAllowed: () => true, nameLookup: true },
  http: {
    isAllowed: () => true,
    selfOrigin: "http://127.0.0.1:1",
    dispatcher: () => expect.unreachable(),
  },
};

test("the outside world is closed", () => {
  const { context, asked } = warmContext(open);
  expect(context.filesystem.preopens).toEqual([]);
  expect(context.sockets.isAllowed("tcp-connect", "127.0.0.1", 1)).toBe(false);
  expect(context.sockets.nameLookup).toBe(false);
  expect(context.http.isAllowed({ scheme: "http", authority: "a" })).toBe(false);
  expect(context.http.selfOrigin).toBeUndefined();
  expect(() => context.http.dispatcher()).toThrow("warmed up");
  expect(context.cli.environment).toEqual([["A", "1"]]);
  expect(asked()).toEqual(["files", "the network"]);
});

test("standard streams are told apart from others, and are another context's by name", () => {
  const stream = { ...nullOutputStream };
  const own = (name: string): WasiContext => ({
    ...open,
    cli: {
      ...open.cli,
      stdin: () => emptyInputStream,
      stdout: () => ({ ...stream, checkWrite: () => `${name} stdout`.length }),
      stderr: () => ({ ...stream, checkWrite: () => `${name} to stderr`.length }),
    },
  });
  const { cli } = warmContext(own("warm")).context;
  expect(lastingInput.nameOf(cli.stdin())).toBe("stdin");
  expect(lastingInput.nameOf(emptyInputStream)).toBeUndefined();
  expect(lastingInput.of(own("next"), "stdin")).toBe(emptyInputStream);
  for (const [made, length] of [
    [cli.stdout(), "another stdout".length],
    [cli.stderr(), "another to stderr".length],
  ] as const) {
    const name = lastingOutput.nameOf(made) ?? "";
    const other = lastingOutput.of(own("another"), name) as OutputStream;
    expect(other.checkWrite()).toBe(length);
    expect(lastingOutput.nameOf(other)).toBeUndefined();
  }
});

test("nothing is noted of what is not there anyway", () => {
  const { context, asked } = warmContext({
    ...open,
    filesystem: { preopens: [] },
    sockets: { isAllowed: () => false, nameLookup: false },
  });
  expect(context.filesystem.preopens).toEqual([]);
  expect(context.sockets.nameLookup).toBe(false);
  expect(asked()).toEqual([]);
});

test.each<readonly [string, (context: WasiContext) => unknown, unknown, readonly string[]]>([
  ["random", ({ random }) => random.bytes(2), new Uint8Array([7, 7]), ["random numbers"]],
  ["monotonic clock", ({ clocks }) => clocks.monotonicNs(), 5n, ["the time"]],
  ["wall clock", ({ clocks }) => clocks.wallNs(), 6n, ["the time"]],
])("%s is given and noted", (_name, use, value, noted) => {
  const { context, asked } = warmContext(open);
  expect(use(context)).toEqual(value);
  use(context);
  expect(asked()).toEqual(noted);
});

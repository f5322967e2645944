import { expect, test } from "vitest";
import { err, ok } from "../../instance/host-interface.ts";
import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import { closedContext } from "../io/closed-context.ts";
import { bytesInputStream, callbackOutputStream } from "../io/memory-streams.ts";
import { environment } from "./environment.ts";
import { exit } from "./exit.ts";
import { GuestExit } from "./guest-exit.ts";
import { stderr } from "./stderr.ts";
import { stdin } from "./stdin.ts";
import { stdout } from "./stdout.ts";
import { terminalStderr } from "./terminal-stderr.ts";
import { terminalStdin } from "./terminal-stdin.ts";
import { terminalStdout } from "./terminal-stdout.ts";

const input = bytesInputStream(new Uint8Array(1));
const output = callbackOutputStream(() => {});
const errors = callbackOutputStream(() => {});

const context = closedContext({
  cli: {
    environment: [["A", "1"]],
    arguments: ["app", "--flag"],
    stdin: () => input,
    stdout: () => output,
    stderr: () => errors,
    terminal: { stdin: true, stdout: false, stderr: true },
  },
});

function call(host: HostInterface<WasiContext>, name: string, ...values: unknown[]): unknown {
  const run = host.functions[name];
  if (run === undefined) throw new Error(`no function ${name}`);
  return run(context, ...values);
}

test.each([
  [environment, "get-environment", [["A", "1"]]],
  [environment, "get-arguments", ["app", "--flag"]],
  [environment, "initial-cwd", undefined],
  [terminalStdin, "get-terminal-stdin", {}],
  [terminalStdout, "get-terminal-stdout", undefined],
  [terminalStderr, "get-terminal-stderr", {}],
])("$name %s", (host, name, expected) => {
  expect(call(host, name)).toEqual(expected);
});

test.each([
  [stdin, "get-stdin", input],
  [stdout, "get-stdout", output],
  [stderr, "get-stderr", errors],
])("$name %s gives the context's stream", (host, name, expected) => {
  expect(call(host, name)).toBe(expected);
});

test.each([
  ["exit", ok(undefined), 0],
  ["exit", err(undefined), 1],
  ["exit-with-code", 0, 0],
  ["exit-with-code", 42, 42],
])("%s %j ends the guest", (name, argument, code) => {
  let thrown: unknown;
  try {
    call(exit, name, argument);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GuestExit);
  expect(thrown).toMatchObject({ code });
});

import { expect, test } from "vitest";
import { parseAgentOptions } from "./agent-options.ts";

test("without arguments: what the chart leaves out", () => {
  expect(parseAgentOptions([])).toMatchObject({
    command: "run",
    hostRoot: "/host",
    installFolder: "/opt/whorl",
    distribution: "auto",
    handlers: ["whorl", "spin"],
    maxAtOnce: 1,
    preparesImages: true,
    host: "0.0.0.0",
    port: 8089,
    isForced: false,
    waitMs: 300_000,
  });
});

test.each<[string[], object]>([
  [["uninstall", "--force"], { command: "uninstall", isForced: true }],
  [["uninstall-all", "--wait=7"], { command: "uninstall-all", waitMs: 7000 }],
  [["--listen=[::1]:0"], { host: "::1", port: 0 }],
  [["--handlers=a, b,,a"], { handlers: ["a", "b"] }],
  [["--handlers=", "--shim-sandbox-handlers=pod"], { handlers: [], shimSandboxHandlers: ["pod"] }],
  [["--install-folder=/var/opt/whorl/"], { installFolder: "/var/opt/whorl" }],
  [["--restart-command=kill $(cat /run/x)"], { restartCommand: "kill $(cat /run/x)" }],
])("%j", (args, expected) => {
  expect(parseAgentOptions(args)).toMatchObject(expected);
});

test.each<[string[], string]>([
  [["install"], 'unknown command "install"'],
  [["run", "now"], 'unknown command "run now"'],
  [["--colour=red"], "--colour"],
  [["--distribution=talos"], "--distribution=talos: expected auto, plain"],
  [["--handlers="], "at least one runtime handler"],
  [["--handlers=Whorl"], '"Whorl" is no name'],
  [["--handlers=a]\n[b"], "is no name of a runtime handler"],
  [["--handlers=a", "--shim-sandbox-handlers=a"], "a is in --handlers and in"],
  [["--install-folder=opt"], "expected an absolute path"],
  [["--install-folder=/opt/../etc"], "expected an absolute path"],
  [['--install-folder=/o"p'], "expected an absolute path"],
  [["--max-at-once=-1"], "--max-at-once=-1: expected a number"],
  [["--prepare-images=yes"], "expected true or false"],
  [["--listen=8089"], "expected an address and a port"],
  [["--listen=a:70000"], "expected an address and a port"],
  [["--log-level=loud"], "expected trace"],
])("%j is refused", (args, message) => {
  expect(() => parseAgentOptions(args)).toThrow(message);
});

import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { runShell } from "./shell-command.ts";
import type { ShellCommand, ShellEnd } from "./shell-command.ts";

const environment = { PATH: "/usr/local/bin:/usr/bin:/bin" };
const { signal } = new AbortController();

async function run(
  command: string,
  given: Partial<ShellCommand> = {},
): Promise<{ readonly end: ShellEnd; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const end = await runShell({
    ...{ command, workdir: "/", environment, signal },
    onLine: (stream, line) => lines.push(`${stream} ${line}`),
    ...given,
  });
  return { end, lines };
}

test.each<[string, ShellEnd, readonly string[]]>([
  ["echo a; printf b", { kind: "exit", code: 0 }, ["stdout a", "stdout b"]],
  ["echo a >&2; exit 3", { kind: "exit", code: 3 }, ["stderr a"]],
  ["kill -KILL $$", { kind: "signal", signal: "SIGKILL" }, []],
  ["cat", { kind: "exit", code: 0 }, []],
])("%j", async (command, end, lines) => {
  expect(await run(command)).toEqual({ end, lines });
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("a folder that is not there", async () => {
  const { end } = await run("true", { workdir: "/no/such/folder" });
  expect(end.kind).toBe("unstartable");
});

test("what the shell has started ends too, even if it does not want to", async () => {
  const stop = new AbortController();
  const { end } = await run(`(trap "" TERM; echo started; exec sleep 60) & wait`, {
    signal: stop.signal,
    stopMsMax: 50,
    onLine: () => stop.abort(),
  });
  expect(end).toEqual({ kind: "signal", signal: "SIGTERM" });
});

test("nothing begins that is stopped before", async () => {
  const { end, lines } = await run("sleep 60; echo a", { signal: AbortSignal.abort() });
  expect([end, lines]).toEqual([{ kind: "signal", signal: "SIGTERM" }, []]);
});

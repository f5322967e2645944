import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../runtime/app/app.ts";
import { WhorlError } from "../../runtime/error.ts";
import { runCommand } from "../build/command-run.ts";
import type { CommandRun } from "../build/command-run.ts";
import type { StartApp } from "../up/up.ts";
import { watchCommand } from "./watch-command.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
});
afterEach(() => rm(directory, { recursive: true }));

const environment = { PATH: "/usr/local/bin:/usr/bin:/bin" };

function write(name: string, content: string): Promise<void> {
  return writeFile(join(directory, name), content);
}

function manifest(command: string, trigger = '[[trigger.http]]\nroute = "/..."'): string {
  return `spin_manifest_version = 2\n[application]\nname = "x"\n${trigger}\ncomponent = "a"\n[component.a]\nsource = "a.wasm"\nbuild = { command = "${command}", watch = ["*.src"] }\n`;
}

interface Serving {
  readonly run: CommandRun;
  /** What the engine was told, in order. */
  readonly events: string[];
  /** Waits until the engine was told so, or the output contains it. */
  until(text: string): Promise<void>;
  /** Ends the command that is being run. */
  endCommand(code: number): void;
  finish(): Promise<number>;
}

interface EngineSetup {
  readonly isCommand?: boolean;
  /** Names of apps that the engine refuses. */
  readonly refused?: string;
}

/** An engine that only takes note; building, watching and loading are real. */
function serve(args: readonly string[], { isCommand = false, refused }: EngineSetup = {}): Serving {
  const events: string[] = [];
  let exited = Promise.withResolvers<number>();
  const accept = (app: App): void => {
    if (app.name === refused) throw new WhorlError("import_missing", `${app.name} is refused`);
  };
  const startApp: StartApp = async (app) => {
    accept(app);
    events.push(`start ${app.name}`);
    exited = Promise.withResolvers();
    return {
      url: isCommand ? undefined : "http://127.0.0.1:1",
      exited: isCommand ? exited.promise : undefined,
      reload: async (next) => {
        accept(next);
        events.push(`reload ${next.name}`);
      },
      close: async () => void events.push("close"),
    };
  };
  const run = runCommand(
    (dependencies) => watchCommand(dependencies, startApp),
    ["--debounce", "20", ...args],
    { directory, environment },
  );
  const { written } = run.io;
  return {
    run,
    events,
    endCommand: (code) => exited.resolve(code),
    until: async (text) => {
      const told = (): string => `${events.join("\n")}\n${written.stdout}${written.stderr}`;
      while (!told().includes(text)) await delay(5);
    },
    finish: () => {
      run.io.send("SIGTERM");
      return run.exitCode;
    },
  };
}

describe("whorl watch", () => {
  test("builds, serves, and builds and reloads after a change", async () => {
    await write("spin.toml", manifest("cat a.src > a.wasm"));
    await write("a.src", "1");
    const { events, until, finish, run } = serve([]);
    await until("start x");
    await write("a.src", "2");
    await until("reload x");
    expect(await finish()).toBe(0);
    expect(events).toEqual(["start x", "reload x", "close"]);
    expect(run.io.written.stdout).toContain("Changed: a.src\n[a] $ cat a.src > a.wasm");
    expect(run.io.written.stdout).toContain("Reloaded");
  });

  test("serves the old version while a build fails, and the next one that works", async () => {
    await write("spin.toml", manifest("grep -v bad a.src > a.wasm"));
    await write("a.src", "1");
    const { events, until, finish, run } = serve([]);
    await until("start x");
    await write("a.src", "bad");
    await until("waiting for a change");
    expect(events).toEqual(["start x"]);
    expect(run.io.written.stderr).toContain("ended with exit code 1");
    expect(run.io.written.stderr).toContain("The version before is still served");
    await write("a.src", "3");
    await until("reload x");
    await finish();
  });

  test("waits for a build that works before it serves", async () => {
    await write("spin.toml", manifest("grep -v bad a.src > a.wasm"));
    await write("a.src", "bad");
    const { events, until, finish } = serve([]);
    await until("Nothing is served yet");
    expect(events).toEqual([]);
    await write("a.src", "good");
    await until("start x");
    await finish();
  });

  test("serves the old version when the engine refuses the new one", async () => {
    await write("spin.toml", manifest("touch a.wasm"));
    const { events, until, finish } = serve([], { refused: "y" });
    await until("start x");
    await write("spin.toml", manifest("touch a.wasm").replace('"x"', '"y"'));
    await until("y is refused");
    await write("spin.toml", manifest("touch a.wasm").replace('"x"', '"z"'));
    await until("reload z");
    await finish();
    expect(events).toEqual(["start x", "reload z", "close"]);
  });

  test("tries again when the engine refuses the first version", async () => {
    await write("spin.toml", manifest("touch a.wasm").replace('"x"', '"y"'));
    const { events, until, finish } = serve([], { refused: "y" });
    await until("y is refused");
    await write("spin.toml", manifest("touch a.wasm"));
    await until("start x");
    await finish();
    expect(events).toEqual(["start x", "close"]);
  });

  test("--skip-build reloads when a binary changes, and builds nothing", async () => {
    await write("spin.toml", manifest("touch built"));
    await write("a.wasm", "1");
    const { until, finish } = serve(["--skip-build"]);
    await until("start x");
    await write("a.wasm", "2");
    await until("reload x");
    await finish();
    await expect(access(join(directory, "built"))).rejects.toThrow("ENOENT");
  });

  test("runs a command again for its next version, and after its end", async () => {
    await write("spin.toml", manifest("cat a.src > a.wasm", "[[trigger.command]]"));
    await write("a.src", "1");
    const { events, until, finish, endCommand } = serve([], { isCommand: true });
    await until("start x");
    await write("a.src", "2");
    await until("start x\nclose\nstart x");
    endCommand(3);
    await until("start x\nclose\nstart x\nclose");
    await write("a.src", "3");
    await until("start x\nclose\nstart x\nclose\nstart x");
    await finish();
    expect(events.at(-1)).toBe("close");
  });

  test("says which components it cannot watch", async () => {
    await write("spin.toml", manifest("touch a.wasm").replace(', watch = ["*.src"]', ""));
    const { until, finish, run } = serve([]);
    await until("start x");
    await finish();
    expect(run.io.written.stderr).toContain('no "watch" in the build of a');
  });

  test("--output json tells events only", async () => {
    await write("spin.toml", manifest("cat a.src > a.wasm"));
    await write("a.src", "1");
    const { until, finish, run } = serve(["--output", "json"]);
    await until("start x");
    await write("a.src", "2");
    await until("reload x");
    await until('"reloaded"');
    await finish();
    expect(run.io.written.stderr).toBe("");
    const lines = run.io.written.stdout.trim().split("\n");
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toContain("changed");
    expect(events).toContain("reloaded");
  });

  test.each<[args: string[], message: string]>([
    [["absent"], "does not exist"],
    [["--debounce", "x"], "Write a number of milliseconds"],
    [["--listen", "x"], "is not an address"],
    [["-e", "x"], "Write NAME=VALUE"],
  ])("refuses %j", async (args, message) => {
    await write("spin.toml", manifest("true"));
    await expect(serve(args).run.exitCode).rejects.toThrow(message);
  });
});

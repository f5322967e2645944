import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildCommand } from "./build-command.ts";
import { runCommand } from "./command-run.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
});
afterEach(() => rm(directory, { recursive: true }));

const environment = { PATH: "/usr/local/bin:/usr/bin:/bin" };

async function manifest(components: string): Promise<void> {
  const head = 'spin_manifest_version = 2\n[application]\nname = "x"\n';
  await writeFile(join(directory, "spin.toml"), head + components);
}

function component(id: string, command: string, more = ""): string {
  return `[component.${id}]\nsource = "${id}.wasm"\n[component.${id}.build]\ncommand = '${command}'\n${more}`;
}

function build(...args: string[]): ReturnType<typeof runCommand> {
  return runCommand(buildCommand, args, { directory, environment });
}

async function failureOf(...args: string[]): Promise<string> {
  const error: unknown = await build(...args).exitCode.catch((reason: unknown) => reason);
  return error instanceof Error ? error.message : "no failure";
}

test("whorl build shows what the commands print, with the component's name", async () => {
  await manifest(
    component("a", "echo out; echo err >&2; printf end; touch a.wasm") + component("b", "true"),
  );
  await writeFile(join(directory, "b.wasm"), "");
  const { io, exitCode } = build("-j", "1");
  expect(await exitCode).toBe(0);
  expect(io.written.stdout).toMatch(/^\[a\] \$ echo out.*\n\[a\] out\n\[a\] end\nBuilt a in \d/);
  expect(io.written.stdout).toMatch(/\[b\] \$ true\nBuilt b in \d+\.\d s\n$/);
  expect(io.written.stderr).toBe("[a] err\n");
});

test("whorl build runs several commands, in the workdir, with the environment", async () => {
  await mkdir(join(directory, "web"));
  const commands = '["pwd > place", "cat place > ../a.wasm", "echo $PATH >> ../a.wasm"]';
  await manifest(
    `[component.a]\nsource = "a.wasm"\nbuild = { command = ${commands}, workdir = "web" }\n`,
  );
  const { io, exitCode } = build(directory);
  expect(await exitCode).toBe(0);
  const made = await readFile(join(directory, "a.wasm"), "utf8");
  expect(made.trim().split("\n")).toEqual([join(directory, "web"), environment.PATH]);
  expect(io.written.stdout).toContain("[a] $ pwd > place (in web)");
});

test("whorl build --output json tells events", async () => {
  await manifest(component("a", "echo out; touch a.wasm"));
  const { io, exitCode } = build("--output", "json");
  await exitCode;
  const events = io.written.stdout.trim().split("\n");
  expect(events.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { event: "build-command", component: "a", command: "echo out; touch a.wasm", workdir: "" },
    { event: "build-log", component: "a", stream: "stdout", line: "out" },
    { event: "built", component: "a" },
  ]);
});

test("whorl build builds independent components at the same time", async () => {
  await mkdir(join(directory, "wa"));
  await mkdir(join(directory, "wb"));
  // Each waits for the other: one after the other they would never end.
  const meet = (own: string, other: string): string =>
    `touch ../${own}.wasm; until test -e ../${other}.wasm; do sleep 0.01; done`;
  await manifest(
    component("a", meet("a", "b"), 'workdir = "wa"\n') +
      component("b", meet("b", "a"), 'workdir = "wb"\n'),
  );
  expect(await build("-j", "2").exitCode).toBe(0);
});

test("whorl build builds what a component depends on before it", async () => {
  const more = '[component.a.dependencies]\n"x:y/z" = { component = "b" }\n';
  await manifest(component("a", "cp b.wasm a.wasm", more) + component("b", "echo b > b.wasm"));
  expect(await build().exitCode).toBe(0);
  expect(await readFile(join(directory, "a.wasm"), "utf8")).toBe("b\n");
});

test("whorl build -c builds only the named components", async () => {
  await manifest(component("a", "touch a.wasm") + component("b", "exit 1"));
  const { io, exitCode } = build("-c", "a");
  expect(await exitCode).toBe(0);
  expect(io.written.stdout).not.toContain("[b]");
});

test("whorl build says so when there is nothing to do", async () => {
  await manifest('[component.a]\nsource = "a.wasm"\n');
  const { io, exitCode } = build();
  expect(await exitCode).toBe(0);
  expect(io.written.stdout).toBe("No component of spin.toml has a build command: nothing to do\n");
});

describe("whorl build fails", () => {
  test.each<[command: string, more: string, message: string]>([
    [
      "exit 3",
      "",
      'component "a": "exit 3" ended with exit code 3 (spin.toml:7:11); what it wrote is above',
    ],
    ["no-such-program-x", "", "exit code 127 (spin.toml:7:11); install the program that it names"],
    ["kill -9 $$", "", "was ended by SIGKILL"],
    ["true", "", 'component "a" was built, but its source a.wasm does not exist'],
    ["true", 'workdir = "absent"\n', 'spin.toml:7:11: the workdir "absent" is no directory'],
  ])("when the command is %j with %j", async (command, more, message) => {
    await manifest(component("a", command, more));
    expect(await failureOf()).toContain(message);
  });

  test("and ends what runs beside the failure", async () => {
    await mkdir(join(directory, "w"));
    await manifest(
      component("a", "sleep 60; touch late", 'workdir = "w"\n') + component("b", "exit 4"),
    );
    expect(await failureOf("-j", "2")).toContain('component "b": "exit 4"');
  });

  test("and starts nothing that waits for the failure", async () => {
    await manifest(component("a", "exit 5") + component("b", "touch b.wasm"));
    expect(await failureOf()).toContain("exit code 5");
    await expect(readFile(join(directory, "b.wasm"))).rejects.toThrow("ENOENT");
  });

  test.each<[args: string[], message: string]>([
    [["-f", "absent"], "absent does not exist"],
    [["-c", "aa"], 'spin.toml has no component "aa"; it has a'],
    [["x", "-f", "y"], "two apps are named (x, y)"],
    [["-j", "0"], "Write a number from 1 on."],
  ])("with %j", async (args, message) => {
    await manifest(component("a", "true"));
    expect(await failureOf(...args)).toContain(message);
  });

  test("without a manifest", async () => {
    expect(await failureOf()).toContain("has no spin.toml");
  });
});

test("whorl build ends its commands when a signal comes", async () => {
  await manifest(component("a", "echo started; sleep 60"));
  const { io, exitCode } = build();
  while (!io.written.stdout.includes("[a] started")) await new Promise((go) => setTimeout(go, 5));
  io.send("SIGINT");
  expect(await exitCode).toBe(130);
});

test("whorl build --profile runs that profile's command", async () => {
  const profile =
    '[component.a.profile.debug.build]\ncommand = "echo debug > a.wasm"\n' +
    '[component.a.profile.debug]\nsource = "a.wasm"\n';
  await manifest(component("a", "echo release > a.wasm") + profile);
  const built = async (...args: string[]): Promise<string> => {
    await build(...args).exitCode;
    return await readFile(join(directory, "a.wasm"), "utf8");
  };
  expect(await built()).toBe("release\n");
  expect(await built("--profile", "debug")).toBe("debug\n");
  expect(await failureOf("--profile", "none")).toMatch(/profile "none"/);
});

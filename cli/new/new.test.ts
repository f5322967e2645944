import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readBuildPlan } from "../../runtime/app/build-plan-file.ts";
import { runCommand } from "../build/command-run.ts";
import type { CommandRun } from "../build/command-run.ts";
import { newCommand } from "./new-command.ts";
import { createPrompt } from "./prompt.ts";
import { fillIn, readTemplates } from "./template.ts";
import { templateFolder } from "./template-folder.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs `whorl new`; with answers on a terminal, else on none. */
function make(args: readonly string[], answers?: readonly string[]): CommandRun {
  const left = [...(answers ?? [])];
  const ask = (question: string): Promise<string> => {
    const answer = left.shift();
    if (answer === undefined) return Promise.reject(new Error(`nobody answers ${question}`));
    return Promise.resolve(answer);
  };
  const prompt = answers && createPrompt(ask);
  return runCommand((dependencies) => newCommand(dependencies, prompt), args, { directory });
}

function read(path: string): Promise<string> {
  return readFile(join(directory, path), "utf8");
}

const templates = await readTemplates(templateFolder());

test("there is a template for each language and trigger", () => {
  expect(templates.map(({ id }) => id)).toEqual([
    "command-rust",
    "cron-rust",
    "http-go",
    "http-js",
    "http-py",
    "http-rust",
    "http-ts",
    "redis-rust",
    "static",
  ]);
});

test.each(templates)("whorl new of $id makes an app whose manifest is right", async ({ id }) => {
  expect(await make(["my-app", "-t", id]).exitCode).toBe(0);
  const plan = await readBuildPlan(join(directory, "my-app", "spin.toml"));
  expect(plan.appName).toBe("my-app");
  expect(plan.components.map((component) => component.id)).toEqual(["my-app"]);
  const names = await readdir(join(directory, "my-app"), { recursive: true });
  expect(names).not.toContain("gitignore");
  for (const name of names) {
    const text = name.endsWith(".wasm") ? "" : await read(`my-app/${name}`).catch(() => "");
    expect(text, name).not.toMatch(/\{\{/);
  }
});

test("whorl new asks on a terminal", async () => {
  const { io, exitCode } = make([], ["7", "shop", 'Sells "things"', "/shop/..."]);
  expect(await exitCode).toBe(0);
  const manifest = await read("shop/spin.toml");
  expect(manifest).toContain(
    'name = "shop"\nversion = "0.1.0"\ndescription = "Sells \\"things\\""',
  );
  expect(manifest).toContain('route = "/shop/..."');
  expect(await read("shop/.gitignore")).toContain("node_modules/");
  expect(io.written.stdout).toBe(
    "Created shop in shop\n\n  cd shop\n  whorl build      (needs npm)\n  whorl up\n",
  );
});

test("whorl new asks only for what was not given, and again after a wrong choice", async () => {
  const run = make(
    ["jobs", "--description", "x", "--value", "redis-channel=jobs"],
    ["99", "nothing", "redis-rust", ""],
  );
  expect(await run.exitCode).toBe(0);
  const manifest = await read("jobs/spin.toml");
  expect(manifest).toContain('[application.trigger.redis]\naddress = "redis://127.0.0.1:6379"');
  expect(manifest).toContain('channel = "jobs"');
});

test("whorl new --accept-defaults asks nothing on a terminal either", async () => {
  expect(await make(["tick", "-t", "cron-rust", "-a"], []).exitCode).toBe(0);
  expect(await read("tick/spin.toml")).toContain('cron_expression = "0 */5 * * * *"');
});

test("whorl new writes into an empty folder and elsewhere", async () => {
  await mkdir(join(directory, "site"));
  expect(await make(["site", "-t", "static"]).exitCode).toBe(0);
  expect(await make(["site", "-t", "static", "-d", "a/b"]).exitCode).toBe(0);
  expect(await read("a/b/spin.toml")).toBe(await read("site/spin.toml"));
});

test("whorl new --list names every template", async () => {
  const { io, exitCode } = make(["--list"]);
  await exitCode;
  for (const { id } of templates) expect(io.written.stdout).toContain(id);
});

describe("whorl new refuses", () => {
  test.each<[args: string[], message: string]>([
    [[], "no template is named"],
    [["-t", "static"], "no name is given"],
    [["x", "-t", "http-tss"], 'there is no template "http-tss"; did you mean "http-ts"?'],
    [["My App", "-t", "static"], "cannot be the name of a component; use lower-case words"],
    [["My App", "-t", "static"], 'such as "my-app"'],
    [["../x", "-t", "static"], "cannot be the name"],
    [["x", "-t", "static", "--value", "rout=/a"], 'no value "rout"; did you mean "route"?'],
    [["x", "-t", "static", "--value", "redis-channel=a"], 'no value "redis-channel"'],
    [["full", "-t", "static"], "exists and is not empty; nothing was written"],
    [["file", "-t", "static"], "is a file"],
  ])("%j", async (args, message) => {
    await mkdir(join(directory, "full"));
    await writeFile(join(directory, "full", "mine"), "");
    await writeFile(join(directory, "file"), "");
    await expect(make(args).exitCode).rejects.toThrow(message);
    expect((await readdir(directory)).toSorted()).toEqual(["file", "full"]);
    expect(await readdir(join(directory, "full"))).toEqual(["mine"]);
  });
});

test.each<[text: string, values: Record<string, string>, expected: string]>([
  ["a {{name}} b", { name: "x" }, "a x b"],
  ["a\n{{workdir}}\nb", { workdir: "" }, "a\nb"],
  ["a\n{{workdir}}\nb", { workdir: "w" }, "a\nw\nb"],
  ["{{name}}", { name: "{{name}}" }, "{{name}}"],
])("fillIn of %j with %j", (text, values, expected) => {
  expect(fillIn(text, values)).toBe(expected);
});

test("fillIn throws for what has no value", () => {
  expect(() => fillIn("{{other}}", { name: "x" })).toThrow("no value for {{other}}");
});

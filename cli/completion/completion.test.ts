import { spawnSync } from "node:child_process";
import { Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { createCaptureIo } from "../capture-io.ts";
import { commandShape } from "./command-shape.ts";
import { completionCommand } from "./completion-command.ts";
import { completionScript } from "./completion-script.ts";

function program(): Command {
  const io = createCaptureIo();
  const dependencies = {
    io,
    version: "1",
    environment: {},
    directory: "/",
    guestArguments: [],
    finish: () => undefined,
  };
  const up = new Command("up")
    .description("serve the app's [things]: all")
    .argument("[path]")
    .option("-f, --from <path>", "where it is")
    .option("--listen <address>", "it's there")
    .addOption(new Option("--output <form>").choices(["text", "json"]))
    .addOption(new Option("--secret <x>").hideHelp());
  const registry = new Command("registry").description("images");
  registry.addCommand(new Command("push").option("-k, --insecure", "any certificate"));
  return new Command("whorl")
    .option("-V, --version", "print the version")
    .addCommand(up)
    .addCommand(registry)
    .addCommand(completionCommand(dependencies));
}

const root = commandShape(program());

test("commandShape leaves out what is hidden", () => {
  expect(root.commands.map(({ path }) => path.join(" "))).toEqual([
    "whorl up",
    "whorl registry",
    "whorl completion",
  ]);
  const flags = root.commands[0]?.options.map(({ short, long, value }) => [
    short,
    long,
    value.kind,
  ]);
  expect(flags).toEqual([
    ["-f", "--from", "file"],
    [undefined, "--listen", "text"],
    [undefined, "--output", "choice"],
    ["-h", "--help", "none"],
  ]);
});

/** What bash offers for a line whose last word is being typed. */
function bashOffers(...words: string[]): string[] {
  const script = `${completionScript("bash", root)}
compopt() { :; }
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
_whorl
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], {
    encoding: "utf8",
    cwd: "/etc",
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((each) => each !== "");
}

describe("bash completes", () => {
  test.each<[words: string[], expected: string[]]>([
    [["whorl", "u"], ["up"]],
    [["whorl", "--v"], ["--version"]],
    [["whorl", "up", "--l"], ["--listen"]],
    [
      ["whorl", "up", "--output", ""],
      ["text", "json"],
    ],
    [["whorl", "up", "--output", "j"], ["json"]],
    [["whorl", "up", "--listen", ""], []],
    [["whorl", "up", "--from", "hostn"], ["hostname"]],
    [["whorl", "up", "hostn"], ["hostname"]],
    [
      ["whorl", "registry", ""],
      ["push", "-h", "--help"],
    ],
    [["whorl", "registry", "push", "--i"], ["--insecure"]],
    [["whorl", "registry", "push", "hostn"], []],
  ])("%j", (words, expected) => {
    expect(bashOffers(...words)).toEqual(expected);
  });
});

test.each(["zsh", "fish"] as const)("the completion for %s names everything", (shell) => {
  const script = completionScript(shell, root);
  for (const word of ["up", "registry", "push", "insecure", "listen", "text json"]) {
    expect(script).toContain(word);
  }
  expect(script).not.toContain("secret");
  expect(script).toContain("it'\\''s there");
});

test("whorl completion refuses other shells", async () => {
  const quiet = program();
  for (const command of [quiet, ...quiet.commands]) {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  }
  await expect(quiet.parseAsync(["completion", "tcsh"], { from: "user" })).rejects.toThrow(
    "Allowed choices are bash, zsh, fish",
  );
});

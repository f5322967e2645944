import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { runCommand } from "../build/command-run.ts";
import { scaffoldCommand } from "./scaffold-command.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
  await writeFile(join(directory, "runtime-config.toml"), 'state_dir = "/data"\n');
});
afterEach(() => rm(directory, { recursive: true }));

const image = "registry.example.com/foo/example-app:v0.1.0";

async function scaffoldText(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const run = runCommand(scaffoldCommand, ["-f", image, ...args], { environment, directory });
  await run.exitCode;
  return run.io.written.stdout;
}

const scaling = ["--cpu-limit", "100m", "--memory-limit", "128Mi"];

// The files hold what `spin kube scaffold` prints for the same flags.
test.each<[name: string, args: string[]]>([
  ["plain", []],
  ["hpa", ["--autoscaler", "hpa", ...scaling, "--service-account-name", "runner"]],
  ["keda", ["--autoscaler", "keda", ...scaling]],
  [
    "everything",
    [
      ...["-r", "4", "--executor", "other", "--azure-identity", "--service-account-name", "runner"],
      ...["-v", "foo=yoo", "-v", "bar=yee", "--component", "hello", "--component", "world"],
      ...[...scaling, "--cpu-request", "50m", "--memory-request", "64Mi"],
      ...["-s", "one,two", "-s", "three", "-c", "runtime-config.toml"],
    ],
  ],
  ["secret-and-hpa", ["-c", "runtime-config.toml", "--autoscaler", "hpa", ...scaling]],
])("whorl scaffold: %s", async (name, args) => {
  await expect(await scaffoldText(args)).toMatchFileSnapshot(`golden/${name}.txt`);
});

test.each<[name: string, args: string[]]>([
  ["job", ["--kind", "job", "--argument", "--size", "--argument", "3", "-v", "zone=no"]],
  ["cronjob", ["--schedule", "0 3 * * *", "-s", "pull", "-c", "runtime-config.toml", ...scaling]],
])("whorl scaffold of what ends: %s", async (name, args) => {
  await expect(await scaffoldText(args)).toMatchFileSnapshot(`golden/${name}.txt`);
});

test("whorl scaffold keeps values texts that YAML would take for something else", async () => {
  const text = await scaffoldText(["-v", "a=true", "-v", "b=0777", "-v", "c=x: y", "-v", "d="]);
  const [app] = parseAllDocuments(text, { version: "1.1" }).map((each) => each.toJS() as unknown);
  expect(app).toMatchObject({
    spec: {
      variables: [
        { name: "a", value: "true" },
        { name: "b", value: "0777" },
        { name: "c", value: "x: y" },
        { name: "d", value: "" },
      ],
    },
  });
});

describe("whorl scaffold refuses", () => {
  test.each<[args: string[], message: string]>([
    [["-r", "-1"], "the minimum replica count (-1) must be greater than 0"],
    [["-f", "in valid"], "invalid image reference provided: 'in valid'"],
    [
      ["--autoscaler", "x"],
      "invalid autoscaler type 'x'; the autoscaler type must be either 'hpa' or 'keda'",
    ],
    [
      ["--autoscaler", "hpa", "--max-replicas", "-1"],
      "the maximum replica count (-1) must be equal to or greater than 0",
    ],
    [
      ["--autoscaler", "hpa", "-r", "5", "--max-replicas", "2"],
      "the minimum replica count (5) must be less than or equal to the maximum replica count (2)",
    ],
    [["--autoscaler", "hpa"], "cpu limits must be set when autoscaling is enabled"],
    [
      ["--autoscaler", "keda", "--cpu-limit", "1"],
      "memory limits must be set when autoscaling is enabled",
    ],
    [
      ["--autoscaler", "hpa", ...scaling, "--autoscaler-target-cpu-utilization", "0"],
      "target cpu utilization percentage (0) must be between 1 and 100",
    ],
    [
      ["--autoscaler", "hpa", ...scaling, "--autoscaler-target-memory-utilization", "101"],
      "target memory utilization percentage (101) must be between 1 and 100",
    ],
    [["--kind", "job", "--autoscaler", "hpa", ...scaling], "a Job is not scaled"],
    [["--kind", "cronjob"], "a CronJob needs a schedule"],
    [["--schedule", "1 * * * * *"], 'runs at the seconds "1"'],
    [["-c", "absent.toml"], "cannot read absent.toml"],
    [["-v", "novalue"], "NAME=VALUE"],
    [["--kind", "pod"], "Allowed choices"],
  ])("%j", async (args, message) => {
    await expect(scaffoldText(args)).rejects.toThrow(message);
  });
});

describe("whorl scaffold looks at the manifest of the folder", () => {
  const manifest = (triggers: string): string =>
    `spin_manifest_version = 2\n[application]\nname = "x"\n${triggers}`;
  const cron = (component: string, expression: string): string =>
    `[[trigger.cron]]\ncomponent = "${component}"\ncron_expression = "${expression}"\n`;
  const command = '[[trigger.command]]\ncomponent = "a"\n';
  const http = '[[trigger.http]]\nroute = "/..."\ncomponent = "a"\n';

  test.each<[triggers: string, args: string[], expected: string[]]>([
    [http, [], ["SpinApp example-app"]],
    [command, [], ["Job example-app"]],
    [cron("a", "0 0 3 * * *"), [], ["CronJob example-app"]],
    [
      cron("a", "0 0 3 * * *") + cron("b", "0 0 4 * * *"),
      [],
      ["CronJob example-app-a-cron-trigger", "CronJob example-app-b-cron-trigger"],
    ],
    [http + command, [], ["SpinApp example-app"]],
    [cron("a", "1/2 * * * * *"), ["--kind", "spinapp"], ["SpinApp example-app"]],
    ["this is no TOML", [], ["SpinApp example-app"]],
  ])("%j with %j", async (triggers, args, expected) => {
    await writeFile(join(directory, "spin.toml"), manifest(triggers));
    const documents = parseAllDocuments(await scaffoldText(args));
    const found = documents.map((each) => {
      const { kind, metadata } = each.toJS() as { kind: string; metadata: { name: string } };
      return `${kind} ${metadata.name}`;
    });
    expect(found).toEqual(expected);
  });

  test("unless it is told not to", async () => {
    await writeFile(join(directory, "spin.toml"), manifest(command));
    const text = await scaffoldText([], { SPIN_KUBE_DISABLE_DIR_CONTEXT: "true" });
    expect(text).toContain("kind: SpinApp");
  });

  test("and fires a cron trigger by its name", async () => {
    await writeFile(join(directory, "spin.toml"), manifest(cron("a", "0 0 3 * * *")));
    expect(await scaffoldText([])).toContain(
      "- name: WHORL_CRON_TRIGGER\n              value: a-cron-trigger",
    );
  });
});

test("whorl scaffold -o writes a file that only its owner reads", async () => {
  expect(await scaffoldText(["-o", "app.yaml"])).toBe("");
  expect(await readFile(join(directory, "app.yaml"), "utf8")).toContain("kind: SpinApp");
  expect((await stat(join(directory, "app.yaml"))).mode & 0o777).toBe(0o600);
});

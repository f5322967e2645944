import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { startWithEngine } from "../up/start-with-engine.ts";
import { startRedis } from "../../test/servers/redis.ts";
import { rustObstacle } from "../../test/wasm-apps/rust-target.ts";
import { runWhorl, WhorlProcess } from "../../test/whorl-process.ts";
import { buildCommand } from "../build/build-command.ts";
import { runCommand } from "../build/command-run.ts";
import { upCommand } from "../up/up-command.ts";
import { newCommand } from "./new-command.ts";

/** Each template is made into an app, built with its real toolchain, served and asked. */
const minutes = 60_000;

/** Crates are compiled once for all templates and runs. */
const rustBuildFolder = fileURLToPath(new URL("../../.cache/rust", import.meta.url));

/** Why a toolchain cannot be had here; undefined where it can. */
const obstacles = {
  npm: () => absentProgram("npm"),
  go: () => absentProgram("go"),
  python: () => absentProgram("python3"),
  rust: rustObstacle,
  nothing: () => undefined,
} satisfies Record<string, () => string | undefined>;

function absentProgram(name: string): string | undefined {
  return spawnSync(name, ["--help"]).error === undefined ? undefined : `no ${name}`;
}

/** An app made from a template and built, gone when it is disposed. */
class TemplateApp implements Disposable {
  readonly #parent: string;
  readonly folder: string;

  private constructor(parent: string) {
    this.#parent = parent;
    this.folder = join(parent, "my-app");
  }

  static async make(template: string, ...values: string[]): Promise<TemplateApp> {
    const app = new TemplateApp(mkdtempSync(join(tmpdir(), "whorl-test-")));
    const directory = app.#parent;
    const given = values.flatMap((value) => ["--value", value]);
    const made = runCommand(
      (dependencies) => newCommand(dependencies, undefined),
      ["my-app", "-t", template, ...given],
      { directory },
    );
    await made.exitCode;
    const built = runCommand(buildCommand, ["my-app"], {
      directory,
      environment: { ...env, CARGO_BUILD_BUILD_DIR: rustBuildFolder },
    });
    await built.exitCode.catch((error: unknown) => {
      throw new Error(`${built.io.written.stdout}${built.io.written.stderr}`, { cause: error });
    });
    return app;
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true });
  }
}

async function bodyOf(url: string): Promise<string> {
  const response = await fetch(url);
  return `${response.status} ${await response.text()}`;
}

describe("an app from the template", () => {
  test.for<[template: string, needs: keyof typeof obstacles, expected: string]>([
    ["http-ts", "npm", "200 Hello from my-app: GET /a/b\n"],
    ["http-js", "npm", "200 Hello from my-app: GET /a/b\n"],
    ["http-rust", "rust", "200 Hello from my-app: GET /a/b\n"],
    ["http-py", "python", "200 Hello from my-app: GET /a/b\n"],
    ["http-go", "go", "200 Hello from my-app: GET /a/b\n"],
    ["static", "nothing", "404 Not found\n"],
  ])(
    "%s answers (%s)",
    { timeout: 15 * minutes },
    async ([template, needs, expected], { skip }) => {
      const obstacle = obstacles[needs]();
      if (obstacle !== undefined) skip(obstacle);
      using app = await TemplateApp.make(template);
      await using whorl = await WhorlProcess.up(app.folder);
      expect(await bodyOf(`${whorl.url}/a/b`)).toBe(expected);
    },
  );

  test("static serves its files", async () => {
    using app = await TemplateApp.make("static", "route=/site/...");
    writeFileSync(join(app.folder, "public", "a b.css"), "a {}");
    await using whorl = await WhorlProcess.up(app.folder);
    const index = await bodyOf(`${whorl.url}/site/`);
    expect(index).toMatch(/^200 <!doctype html>[^]*Hello from my-app/);
    const css = await fetch(`${whorl.url}/site/a%20b.css`);
    expect([css.headers.get("content-type"), css.headers.get("content-length")]).toEqual([
      "text/css; charset=utf-8",
      "4",
    ]);
    const head = await fetch(`${whorl.url}/site/a%20b.css`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(await bodyOf(`${whorl.url}/site/%2e%2e%2fspin.toml`)).toMatch(/^400/);
    expect(await bodyOf(`${whorl.url}/site/%zz`)).toMatch(/^400/);
    const post = await fetch(`${whorl.url}/site/`, { method: "POST", body: "x" });
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("command-rust runs", { timeout: 15 * minutes }, async ({ skip }) => {
    const obstacle = rustObstacle();
    if (obstacle !== undefined) skip(obstacle);
    using app = await TemplateApp.make("command-rust");
    const { status, stdout } = runWhorl(["up", app.folder, "--", "a", "b"]);
    expect([status, stdout]).toEqual([0, "Hello from my-app: a b\n"]);
  });

  test("cron-rust runs at its times", { timeout: 15 * minutes }, async ({ skip }) => {
    const obstacle = rustObstacle();
    if (obstacle !== undefined) skip(obstacle);
    using app = await TemplateApp.make("cron-rust", "cron-expression=* * * * * *");
    await using up = serve(app.folder);
    await expect.poll(up.stdout, patience).toMatch(/my-app runs at \d{10}/);
  });

  test("redis-rust gets messages", { timeout: 15 * minutes }, async ({ skip }) => {
    const obstacle = rustObstacle();
    if (obstacle !== undefined) skip(obstacle);
    await using redis = await startRedis();
    using app = await TemplateApp.make("redis-rust", `redis-address=${redis.url}`);
    await using up = serve(app.folder);
    const client = new Redis(redis.url);
    // Nobody listens yet while it is 0.
    await expect.poll(() => client.publish("messages", "ping"), patience).toBe(1);
    await expect.poll(up.stdout, patience).toContain("my-app got ping");
    client.disconnect();
  });
});

const patience = { timeout: minutes };

interface ServedApp extends AsyncDisposable {
  stdout(): string;
}

/** Serves an app without HTTP, which announces no address. */
function serve(folder: string): ServedApp {
  const run = runCommand(
    (dependencies) => upCommand(dependencies, startWithEngine("1.2.3")),
    [folder],
  );
  return {
    stdout: () => run.io.written.stdout,
    async [Symbol.asyncDispose]() {
      run.io.send("SIGTERM");
      await run.exitCode;
    },
  };
}

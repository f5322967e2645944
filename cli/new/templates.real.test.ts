import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { startWithEngine } from "../up/start-with-engine.ts";
import { startRedis } from "../../test/servers/redis.ts";
import { runWhorl, WhorlProcess } from "../../test/whorl-process.ts";
import { buildCommand } from "../build/build-command.ts";
import { runCommand } from "../build/command-run.ts";
import { upCommand } from "../up/up-command.ts";
import { newCommand } from "./new-command.ts";

/**
 * Each template is made into an app, built with its real toolchain, served and asked. Rust needs
 * the target wasm32-wasip2; WHORL_RUST_CHROOT names a system that has it (wasm-apps/README.md).
 */
const chroot = env["WHORL_RUST_CHROOT"];
const minutes = 60_000;

/** Why a toolchain cannot be had here; undefined where it can. */
const obstacles: Readonly<Record<string, () => string | undefined>> = {
  npm: () => absentProgram("npm"),
  go: () => absentProgram("go"),
  python: () => absentProgram("python3"),
  rust: () => {
    if (chroot !== undefined) return undefined;
    const { stdout } = spawnSync("rustc", [
      "--print",
      "target-libdir",
      "--target",
      "wasm32-wasip2",
    ]);
    const libraries = String(stdout ?? "").trim();
    const found = libraries !== "" && spawnSync("ls", [libraries]).status === 0;
    return found ? undefined : "no Rust for wasm32-wasip2";
  },
  nothing: () => undefined,
};

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
    const isRust = template.endsWith("-rust");
    const root = isRust && chroot !== undefined ? join(chroot, "tmp") : tmpdir();
    const app = new TemplateApp(mkdtempSync(join(root, "whorl-test-")));
    const directory = app.#parent;
    const given = values.flatMap((value) => ["--value", value]);
    const made = runCommand(
      (dependencies) => newCommand(dependencies, undefined),
      ["my-app", "-t", template, ...given],
      { directory },
    );
    await made.exitCode;
    const environment = isRust && chroot !== undefined ? app.#chrootCargo(chroot) : env;
    const built = runCommand(buildCommand, ["my-app"], { directory, environment });
    await built.exitCode.catch((error: unknown) => {
      throw new Error(`${built.io.written.stdout}${built.io.written.stderr}`, { cause: error });
    });
    return app;
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true });
  }

  /** An environment whose cargo is the one of the other system. */
  #chrootCargo(system: string): Readonly<Record<string, string | undefined>> {
    const cargo = join(this.#parent, "cargo");
    writeFileSync(
      cargo,
      `#!/bin/sh
inside="\${PWD#${system}}"
exec chroot ${system} env HOME=/root PATH=/usr/local/bin:/usr/bin:/bin \\
  CARGO_TARGET_WASM32_WASIP2_LINKER=/usr/local/bin/wasm-component-ld \\
  sh -c 'cd "$0" && exec cargo "$@"' "$inside" "$@"
`,
    );
    chmodSync(cargo, 0o755);
    return { ...env, PATH: `${this.#parent}:${env["PATH"] ?? ""}` };
  }
}

async function bodyOf(url: string): Promise<string> {
  const response = await fetch(url);
  return `${response.status} ${await response.text()}`;
}

describe("an app from the template", () => {
  test.each<[template: string, needs: string, expected: string]>([
    ["http-ts", "npm", "200 Hello from my-app: GET /a/b\n"],
    ["http-js", "npm", "200 Hello from my-app: GET /a/b\n"],
    ["http-rust", "rust", "200 Hello from my-app: GET /a/b\n"],
    ["http-py", "python", "200 Hello from my-app: GET /a/b\n"],
    ["http-go", "go", "200 Hello from my-app: GET /a/b\n"],
    ["static", "nothing", "404 Not found\n"],
  ])("%s answers (%s)", { timeout: 15 * minutes }, async (template, needs, expected) => {
    const obstacle = obstacles[needs]?.();
    if (obstacle !== undefined) throw new Error(`${template} cannot be built here: ${obstacle}`);
    using app = await TemplateApp.make(template);
    await using whorl = await WhorlProcess.up(app.folder);
    expect(await bodyOf(`${whorl.url}/a/b`)).toBe(expected);
  });

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

  test("command-rust runs", { timeout: 15 * minutes }, async () => {
    expect(obstacles["rust"]?.()).toBeUndefined();
    using app = await TemplateApp.make("command-rust");
    const { status, stdout } = runWhorl(["up", app.folder, "--", "a", "b"]);
    expect([status, stdout]).toEqual([0, "Hello from my-app: a b\n"]);
  });

  test("cron-rust runs at its times", { timeout: 15 * minutes }, async () => {
    expect(obstacles["rust"]?.()).toBeUndefined();
    using app = await TemplateApp.make("cron-rust", "cron-expression=* * * * * *");
    await using up = serve(app.folder);
    await expect.poll(up.stdout, patience).toMatch(/my-app runs at \d{10}/);
  });

  test("redis-rust gets messages", { timeout: 15 * minutes }, async () => {
    expect(obstacles["rust"]?.()).toBeUndefined();
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

/** The cache of prepared components between whole processes, and on a disk without room. */
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { env, execPath, getuid } from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { TemporaryFolder } from "../temporary-folder.ts";
import { wasmApp, WhorlProcess } from "../whorl-process.ts";

const command = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));
const entries = (folder: string): string[] => readdirSync(join(folder, "whorl/prepared"));

async function expectHello(whorl: WhorlProcess): Promise<void> {
  const response = await fetch(whorl.url);
  expect([response.status, await response.text()]).toEqual([200, "Hello from Whorl\n"]);
}

test("two processes that prepare the same component at once serve, and leave one entry", async () => {
  using cache = new TemporaryFolder({});
  const up = (): Promise<WhorlProcess> =>
    WhorlProcess.up(wasmApp("http-rust"), [], { XDG_CACHE_HOME: cache.path });
  await using stack = new AsyncDisposableStack();
  const processes = await Promise.all([up(), up()]);
  for (const each of processes) stack.use(each);
  await Promise.all(processes.map(expectHello));
  await expect
    .poll(() => entries(cache.path), { timeout: 30_000 })
    .toEqual([expect.stringMatching(/^[0-9a-f]{64}\.ready.*\.whorl$/)]);
  for (const { stderr } of processes) expect(stderr).not.toContain("prepare cache");
});

/** A folder where nothing of any size can be written by what `run` starts. */
class FullDisk implements Disposable {
  readonly #folder = new TemporaryFolder({});
  readonly #isMounted = getuid?.() === 0 && mounted(this.#folder.path);

  get path(): string {
    return this.#folder.path;
  }

  /** With no disk of its own, the process may write no file larger than 4 kB. */
  run(args: readonly string[]): ReturnType<typeof spawnSync> {
    const limited = ["--fsize=4096", execPath, ...args];
    const [file, rest] = this.#isMounted ? [execPath, args] : ["prlimit", limited];
    return spawnSync(file, rest, {
      encoding: "utf8",
      env: { ...env, XDG_CACHE_HOME: this.path },
      timeout: 100_000,
    });
  }

  [Symbol.dispose](): void {
    if (this.#isMounted) execFileSync("umount", [this.path]);
    this.#folder[Symbol.dispose]();
  }
}

/** Whether the system let us have a disk of 16 kB there. */
function mounted(path: string): boolean {
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", path]);
  return status === 0;
}

test("where the disk is full the app runs all the same, with a warning", () => {
  using disk = new FullDisk();
  for (let start = 0; start < 2; start++) {
    const { status, stdout, stderr } = disk.run([command, "up", wasmApp("command-rust")]);
    expect(stderr).toMatch(/prepare cache: cannot write .*(?:ENOSPC|EFBIG)/);
    expect([status, stdout]).toEqual([0, "Hello from a command\n"]);
    // Neither half an entry nor a lock is left.
    expect(entries(disk.path)).toEqual([]);
  }
});

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("../bin/whorl.js", import.meta.url));
const startMsMax = 100_000;
/** More than the server gives its requests in flight. */
const endMsMax = 15_000;

/** A file or folder of wasm-apps/. */
export function wasmApp(path: string): string {
  return fileURLToPath(new URL(`../wasm-apps/${path}`, import.meta.url));
}

/** How a command ended that was expected to end by itself. */
export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `whorl` to its end. */
export function runWhorl(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): CommandResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
    timeout: startMsMax,
  });
  return { status, stdout, stderr };
}

/** `whorl up` as a process that serves; disposing ends it. */
export class WhorlProcess implements AsyncDisposable {
  /** As announced: `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly #child;
  readonly #output;
  readonly #closed: Promise<unknown>;

  private constructor(url: string, child: ReturnType<typeof spawn>, output: CapturedOutput) {
    this.url = url;
    this.#child = child;
    this.#output = output;
    this.#closed = once(child, "close");
  }

  /** Starts on a free port and waits until the app is served; throws with the output if not. */
  static async up(
    path: string,
    args: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<WhorlProcess> {
    const child = spawn(
      process.execPath,
      [command, "up", path, "--listen", "127.0.0.1:0", ...args],
      // oxlint-disable-next-line node/no-process-env -- passed on as a shell would
      { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } },
    );
    const output = new CapturedOutput();
    child.stdout.setEncoding("utf8").on("data", (text: string) => output.add("stdout", text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => output.add("stderr", text));
    child.once("close", () => output.end());
    const url = await output.match("stdout", /https?:\/\/[\w.:[\]]+/);
    return new WhorlProcess(url, child, output);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get stdout(): string {
    return this.#output.stdout;
  }

  get stderr(): string {
    return this.#output.stderr;
  }

  /** Waits until the output so far contains a match; throws when the process ends without one. */
  async output(stream: "stdout" | "stderr", pattern: RegExp): Promise<string> {
    return await this.#output.match(stream, pattern);
  }

  /** Memory in bytes: resident now, or the most that ever was. */
  memoryBytes(field: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
    if (kibibytes === undefined) throw new Error(`no ${field} in /proc/${this.#child.pid}/status`);
    return Number(kibibytes) * 1024;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /**
   * Resolves when the process has ended and all its output is here: its exit status, null after a
   * signal that killed it.
   */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It removes its temporary files only if it may end by itself.
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), endMsMax);
    await this.ended();
    clearTimeout(timer);
  }
}

/** What a process has written so far, and who waits for more of it. */
class CapturedOutput {
  stdout = "";
  stderr = "";
  #ended = false;
  #changed = Promise.withResolvers<void>();

  add(stream: "stdout" | "stderr", text: string): void {
    this[stream] += text;
    this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  async match(stream: "stdout" | "stderr", pattern: RegExp): Promise<string> {
    const deadline = AbortSignal.timeout(startMsMax);
    deadline.addEventListener("abort", () => this.#notify(), { once: true });
    for (;;) {
      const found = pattern.exec(this[stream])?.[0];
      if (found !== undefined) return found;
      if (this.#ended || deadline.aborted) {
        throw new Error(`no ${pattern} on ${stream}:\n${this.stdout}\n${this.stderr}`);
      }
      await this.#changed.promise;
    }
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}

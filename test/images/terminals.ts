import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

/** A person's two terminals: in one of them something may be serving. */
export class Terminals implements AsyncDisposable {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #directory: string;
  #serving: ChildProcess | undefined;

  constructor(directory: string, environment: Readonly<Record<string, string | undefined>>) {
    this.#directory = directory;
    this.#environment = environment;
  }

  /** Types a command; gives what it shows, by now if it is one that serves. */
  async type(command: string): Promise<() => string> {
    if (command.startsWith("cd ")) {
      this.#directory = resolve(this.#directory, command.slice("cd ".length));
      return () => "";
    }
    if (/^whorl (?:up|watch)\b/.test(command)) {
      await this.#stop();
      return this.#serve(command);
    }
    // What only asks may be asked again.
    if (command.startsWith("curl ")) return () => this.#run(command);
    const output = this.#run(command);
    return () => output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  #run(command: string): string {
    const { stdout, stderr, status } = spawnSync("sh", ["-c", command], {
      cwd: this.#directory,
      env: this.#environment,
      encoding: "utf8",
    });
    return status === 0 ? stdout : `${command} ended with ${status}: ${stdout}${stderr}`;
  }

  #serve(command: string): () => string {
    const child = spawn("sh", ["-c", `exec ${command}`], {
      cwd: this.#directory,
      env: this.#environment,
      stdio: ["ignore", "pipe", "ignore"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    this.#serving = child;
    return () => text;
  }

  async #stop(): Promise<void> {
    const child = this.#serving;
    if (child === undefined) return;
    this.#serving = undefined;
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await ended;
  }
}

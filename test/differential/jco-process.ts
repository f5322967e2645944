import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { TemporaryFolder } from "../temporary-folder.ts";

const script = fileURLToPath(new URL("jco-server.ts", import.meta.url));

/** A component served through jco's generated code in a process of its own. */
export class JcoProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child;
  readonly #folder;

  private constructor(url: string, child: ReturnType<typeof spawn>, folder: TemporaryFolder) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
  }

  /** Waits until it listens; settings as jco-server.ts takes them. */
  static async serve(component: string, settings: readonly string[] = []): Promise<JcoProcess> {
    const folder = new TemporaryFolder({});
    const child = spawn(process.execPath, [script, folder.path, component, ...settings], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface(child.stdout)) {
      // What guests print later is not needed, but must not fill the pipe.
      child.stdout.resume();
      return new JcoProcess(line, child, folder);
    }
    throw new Error(`jco cannot serve ${component}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    // A guest that waits blocks the whole process, its signal handlers too.
    this.#child.kill("SIGKILL");
    await ended;
    this.#folder[Symbol.dispose]();
  }
}

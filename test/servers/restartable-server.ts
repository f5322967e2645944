import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ServerCommand, ServerProcess } from "./server-process.ts";

/** A server that can crash and come back on the same port with the same data. */
export class RestartableServer implements AsyncDisposable {
  readonly #command: ServerCommand;
  readonly #folder: string;
  #process: ServerProcess | undefined;

  private constructor(command: ServerCommand, folder: string) {
    this.#command = command;
    this.#folder = folder;
  }

  /** Starts it; the folder is removed when the server is disposed. */
  static async start(folder: string, command: ServerCommand): Promise<RestartableServer> {
    const server = new RestartableServer(command, folder);
    try {
      await server.restart();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get process(): ServerProcess {
    if (this.#process === undefined) throw new Error(`${this.#command.program} does not run`);
    return this.#process;
  }

  /** Ends it at once, as a crash would; its data stays. */
  async kill(): Promise<void> {
    await this.#process?.kill();
    this.#process = undefined;
  }

  /** Ends it in order where it runs, then starts it again. */
  async restart(): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    this.#process = await ServerProcess.start(this.#command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    this.#process = undefined;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A folder of its own for a server, owned by the user it runs as. */
export function serverFolder(user?: ServerCommand["user"]): string {
  const folder = mkdtempSync(join(tmpdir(), "whorl-server-"));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

/** User and group that a server runs as which refuses root; undefined where root is not ours. */
export function unprivilegedUser(): ServerCommand["user"] {
  return process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;
}

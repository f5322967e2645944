import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** How a test starts a real server. */
export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** User and group id to run as: some servers refuse to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Resolves once the server answers, rejects while it does not yet. Told the process id. */
  readonly probe: (pid: number) => Promise<unknown>;
  /** SIGTERM where not given. */
  readonly stopSignal?: NodeJS.Signals;
}

const startMs = 60_000;
const stopMs = 10_000;
const probeEveryMs = 50;
const outputKeptBytes = 16_384;

/** What a server prints. Not a pipe: nobody reads it while a test waits for another program. */
class ServerOutput {
  readonly fd: number;
  #last: string | undefined;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), "whorl-test-"));
    this.fd = openSync(join(folder, "output"), "ax+");
    rmSync(folder, { recursive: true });
  }

  get last(): string {
    if (this.#last !== undefined) return this.#last;
    const bytes = Buffer.alloc(outputKeptBytes);
    const from = Math.max(0, fstatSync(this.fd).size - bytes.length);
    return bytes.toString("utf8", 0, readSync(this.fd, bytes, 0, bytes.length, from));
  }

  close(): void {
    if (this.#last !== undefined) return;
    this.#last = this.last;
    closeSync(this.fd);
  }
}

/** A server that this test started, on loopback, with its own folder; stopped by its id. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #command: ServerCommand;
  readonly #output = new ServerOutput();

  private constructor(command: ServerCommand) {
    this.#command = command;
    this.#child = spawn(command.program, command.args, {
      cwd: command.directory,
      // oxlint-disable-next-line node/no-process-env -- servers need PATH and the locale
      env: { ...process.env, ...command.environment },
      stdio: ["ignore", this.#output.fd, this.#output.fd],
      ...command.user,
    });
    for (const end of ["exit", "error"]) this.#child.once(end, () => this.#output.close());
  }

  /** Resolves when the server answers. Throws with what it printed when it ends or stays silent. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const server = new ServerProcess(command);
    const failed = once(server.#child, "error").then(([error]) => Promise.reject(error as Error));
    failed.catch(() => undefined);
    try {
      await Promise.race([server.#answers(), failed]);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.#command.program} was not started`);
    return pid;
  }

  /** The last of what it printed, both streams. */
  get output(): string {
    return this.#output.last;
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(this.#command.stopSignal ?? "SIGTERM");
  }

  async #answers(): Promise<void> {
    const deadline = performance.now() + startMs;
    for (;;) {
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null) {
        throw new Error(
          `${this.#command.program} ended (${exitCode ?? signalCode}):\n${this.output}`,
        );
      }
      try {
        await this.#command.probe(this.pid);
        return;
      } catch (error) {
        if (performance.now() < deadline) {
          await delay(probeEveryMs);
          continue;
        }
        throw new Error(`${this.#command.program} does not answer:\n${this.output}`, {
          cause: error,
        });
      }
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await exited;
    clearTimeout(timer);
  }
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

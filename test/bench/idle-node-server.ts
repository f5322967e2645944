import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("node-http-server.ts", import.meta.url));

/** A bare node:http server on one core: what a first byte costs without any guest. */
export class IdleNodeServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: ReturnType<typeof spawn>;

  private constructor(port: number, child: ReturnType<typeof spawn>) {
    this.port = port;
    this.#child = child;
  }

  static async start(cores: string): Promise<IdleNodeServer> {
    const child = spawn("taskset", ["-c", cores, process.execPath, script, "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    return new IdleNodeServer(Number(port), child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

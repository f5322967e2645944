import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { LoadResult } from "./load-main.ts";

const program = fileURLToPath(new URL("load-main.ts", import.meta.url));

/** Requests to an address, sent by a process of its own until it is stopped. */
export class Load {
  readonly #process: ChildProcessByStdio<null, Readable, null>;
  readonly #output: Promise<string>;

  /** `pauseMs`: between two requests of a client. */
  constructor(url: string, pauseMs = 0) {
    this.#process = spawn(process.execPath, [program, url, String(pauseMs)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#output = text(this.#process.stdout);
  }

  /** Ends it. What was on its way is waited for. */
  async stop(): Promise<LoadResult> {
    const ended = once(this.#process, "exit");
    this.#process.kill();
    await ended;
    return JSON.parse(await this.#output) as LoadResult;
  }
}

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Contestant } from "./contestants.ts";

const startMsMax = 60_000;
/** The unit of /proc is the same on all machines (USER_HZ). */
const ticksPerSecond = 100;

/** A contestant that serves a component; disposing ends it. */
export class Served implements AsyncDisposable {
  readonly contestant: Contestant;
  readonly url: string;
  /** From the start of the process to the end of the first answer. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  private constructor(contestant: Contestant, url: string, startMs: number, child: ChildProcess) {
    this.contestant = contestant;
    this.url = url;
    this.startMs = startMs;
    this.#child = child;
  }

  /** On one core, or on several as taskset takes them. */
  static async start(
    contestant: Contestant,
    component: string,
    core: number | string,
  ): Promise<Served> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const command = ["-c", String(core), ...contestant.command(component, port)];
    const startedMs = performance.now();
    const child = spawn("taskset", command, { stdio: "inherit" });
    while (!(await answers(url))) {
      if (child.exitCode !== null || performance.now() - startedMs > startMsMax) {
        child.kill("SIGKILL");
        throw new Error(`${contestant.name} does not serve; try: taskset ${command.join(" ")}`);
      }
      await sleep(1);
    }
    return new Served(contestant, url, performance.now() - startedMs, child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }
  residentBytes(): number {
    // pid
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  /** Processor time that it has used until now. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const request = get(url, { agent: false });
    const [response] = (await once(request, "response")) as [AsyncIterable<Buffer>];
    for await (const _chunk of response);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

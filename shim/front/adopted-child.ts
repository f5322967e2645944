import { type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import type { ProcessCalls } from "./process-calls.ts";

/** A child as the front uses it: started by this process, or by an earlier front (hand-over.ts). */
export interface FrontChild {
  readonly pid?: number | undefined;
  /** Messages can be sent. */
  readonly connected: boolean;
  send(message: object, done: (error: Error | null) => void): boolean;
  kill(signal: NodeJS.Signals): boolean;
  unref(): void;
  /** `message`, `error`, and once `exit`; its code is as a shell says it for adopted children. */
  on(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** A child for the state that is handed over. */
export interface ChildState {
  readonly pid: number;
  /** Descriptor of the channel for messages. */
  readonly channel: number | undefined;
}

/** Of a child that was started, whichever front process did that. */
export function childState(child: FrontChild): ChildState {
  const { channel } = child as Partial<Pick<ChildProcess, "channel">>;
  const descriptor = (channel as { readonly fd?: unknown } | null | undefined)?.fd;
  return {
    pid: child.pid ?? 0,
    channel: child.connected && typeof descriptor === "number" ? descriptor : undefined,
  };
}

/** All children of this process; of an earlier front, if it became this one. */
export function childrenOfThisProcess(): readonly number[] {
  const path = `/proc/self/task/${process.pid}/children`;
  return readFileSync(path, "utf8").split(" ").filter(Boolean).map(Number);
}

/**
 * Children that Node does not know, because the program that started them was another one in the
 * same process. Hears of their ends by SIGCHLD.
 */
export class AdoptedChildren implements Disposable {
  readonly #calls: ProcessCalls;
  readonly #living = new Map<number, AdoptedChild | undefined>();
  readonly #ended: AdoptedChild[] = [];
  readonly #onSignal = (): void => this.#reap();

  /** `pids`: all of them; those that nobody adopts are only reaped. */
  constructor(calls: ProcessCalls, pids: readonly number[]) {
    this.#calls = calls;
    for (const pid of pids) this.#living.set(pid, undefined);
  }

  /** Process id 0 stands for a child that has ended before. Nothing is heard of it before begin. */
  adopt({ pid, channel }: ChildState): FrontChild {
    const child = new AdoptedChild(pid, channel);
    if (pid === 0) this.#ended.push(child);
    else this.#living.set(pid, child);
    return child;
  }

  /**
   * From now on channels are read and written, and ends are told. Until then no descriptor of a
   * child is closed, however it ends.
   */
  begin(): void {
    process.on("SIGCHLD", this.#onSignal);
    for (const child of this.#living.values()) child?.begin();
    setImmediate(() => {
      for (const child of this.#ended.splice(0)) child.end(137);
      // Signals of the time when the program changed are lost.
      this.#reap();
    });
  }

  [Symbol.dispose](): void {
    process.off("SIGCHLD", this.#onSignal);
    this.#living.clear();
  }

  #reap(): void {
    for (const [pid, child] of this.#living) {
      const status = this.#calls.exitStatus(pid);
      if (status === undefined) continue;
      this.#living.delete(pid);
      child?.end(status);
    }
    if (this.#living.size === 0) process.off("SIGCHLD", this.#onSignal);
  }
}

const lastMessagesMs = 100;

/** Speaks as Node does with children: a line of JSON for each message. */
class AdoptedChild extends EventEmitter implements FrontChild {
  readonly pid: number;
  readonly #descriptor: number | undefined;
  #socket: Socket | undefined;
  /** What is to be sent as soon as it may be. */
  readonly #unsent: { readonly line: string; done(error: Error | null): void }[] = [];
  #hasEnded = false;

  constructor(pid: number, channel: number | undefined) {
    super();
    this.pid = pid;
    this.#descriptor = channel;
  }

  /** See {@link AdoptedChildren.begin}. */
  begin(): void {
    if (this.#descriptor === undefined) return;
    const decoder = new StringDecoder("utf8");
    let text = "";
    const socket = new Socket({ fd: this.#descriptor, readable: true, writable: true });
    socket.on("data", (chunk: Buffer) => {
      const lines = (text + decoder.write(chunk)).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) this.#receive(line);
    });
    // The end is told by SIGCHLD.
    socket.on("error", () => undefined);
    socket.unref();
    this.#socket = socket;
    for (const { line, done } of this.#unsent.splice(0)) this.#write(line, done);
  }

  /** For {@link childState}, as Node's own has it. */
  get channel(): { readonly fd: number | undefined } {
    return { fd: this.#descriptor };
  }

  get connected(): boolean {
    return this.#socket?.writable ?? this.#descriptor !== undefined;
  }

  send(message: object, done: (error: Error | null) => void): boolean {
    return this.#write(`${JSON.stringify(message)}\n`, done);
  }

  #write(line: string, done: (error: Error | null) => void): boolean {
    if (this.#socket !== undefined) return this.#socket.write(line, (error) => done(error ?? null));
    this.#unsent.push({ line, done });
    return true;
  }

  kill(signal: NodeJS.Signals): boolean {
    // Its number could be that of another process by now.
    return !this.#hasEnded && process.kill(this.pid, signal);
  }

  /** It never keeps this process alive. */
  unref(): void {}

  /** Its last messages are read before its end is told. */
  end(status: number): void {
    this.#hasEnded = true;
    const socket = this.#socket;
    if (socket === undefined || socket.closed) {
      this.emit("exit", status, null);
      return;
    }
    socket.once("close", () => this.emit("exit", status, null));
    setTimeout(() => socket.destroy(), lastMessagesMs).unref();
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as { readonly cmd?: unknown };
    const isOfNode = typeof message.cmd === "string" && message.cmd.startsWith("NODE_");
    if (!isOfNode) this.emit("message", message);
  }
}

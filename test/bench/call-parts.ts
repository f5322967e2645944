import { median } from "./statistics.ts";

/** What a call of containerd waits for; what is none of these is its own work. */
export const callParts = ["files synced", "shim program", "shim's answers"] as const;

export type CallPart = (typeof callParts)[number];

/** From when to when something was under way; milliseconds since 1970, as all times here. */
export interface Span {
  readonly part: CallPart;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A call of containerd, as its client saw it. */
export interface CallWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Milliseconds of each part, and how often there was one. */
export interface CallSplit {
  readonly whole: number;
  readonly containerd: number;
  readonly parts: Readonly<Record<CallPart, { readonly ms: number; readonly count: number }>>;
}

const linePattern = /^(?<pid>\d+) +(?<at>\d+\.\d+) (?<call>.*)$/;
const unfinished = /^(?<start>.*)<unfinished \.\.\.>$/;
const resumed = /^<\.\.\. \w+ resumed>(?<rest>.*)$/;
const taken = /<(?<seconds>\d+\.\d+)>$/;
const transfer = /^(?<name>read|write)\((?<fd>\d+), *"(?<hex>(?:\\x[0-9a-f]{2})*)"/;
const shimProgram = /^execve\("(?<path>[^"]*)"/;

/** Of ttrpc: length of the message, number of the stream, type, flags. */
const headerBytes = 10;
const request = 1;
const response = 2;

interface Frame {
  readonly type: number;
  readonly stream: number;
  readonly text: string;
}

/** What `strace -f -ttt -T -xx` wrote of containerd and its children, read line by line. */
class TraceReader {
  readonly spans: Span[] = [];
  /** The first half of a call that another process's line has cut in two. */
  readonly #begun = new Map<string, { readonly call: string; readonly atMs: number }>();
  readonly #programs = new Map<string, number>();
  readonly #requests = new Map<string, number>();

  line(line: string): void {
    const { pid, at, call = "" } = linePattern.exec(line)?.groups ?? {};
    if (pid === undefined || at === undefined) return;
    const atMs = Number(at) * 1000;
    const half = unfinished.exec(call)?.groups?.["start"];
    if (half !== undefined) {
      this.#begun.set(pid, { call: half, atMs });
      if (half.startsWith("write(")) this.#onTransfer(half, atMs, atMs);
      return;
    }
    const rest = resumed.exec(call)?.groups?.["rest"];
    const begun = rest === undefined ? undefined : this.#begun.get(pid);
    const whole = begun === undefined ? call : `${begun.call}${rest}`;
    const fromMs = begun?.atMs ?? atMs;
    const seconds = Number(taken.exec(whole)?.groups?.["seconds"] ?? 0);
    if (begun !== undefined && whole.startsWith("write(")) return;
    this.#onCall(pid, whole, { fromMs, toMs: fromMs + seconds * 1000 });
  }

  #onCall(pid: string, call: string, { fromMs, toMs }: CallWindow): void {
    if (/^f(?:data)?sync\(/.test(call)) {
      this.spans.push({ part: "files synced", fromMs, toMs });
      return;
    }
    const path = shimProgram.exec(call)?.groups?.["path"];
    if (path !== undefined) {
      if (textOf(path).includes("/containerd-shim-")) this.#programs.set(pid, fromMs);
      return;
    }
    if (call.startsWith("+++ exited")) this.#onExit(pid, fromMs);
    else this.#onTransfer(call, fromMs, toMs);
  }

  #onExit(pid: string, toMs: number): void {
    const fromMs = this.#programs.get(pid);
    this.#programs.delete(pid);
    if (fromMs !== undefined) this.spans.push({ part: "shim program", fromMs, toMs });
  }

  #onTransfer(call: string, fromMs: number, toMs: number): void {
    const { name, fd = "", hex = "" } = transfer.exec(call)?.groups ?? {};
    if (name === undefined || !hex.startsWith("\\x00")) return;
    for (const { type, stream, text } of framesOf(Buffer.from(hex.replaceAll("\\x", ""), "hex"))) {
      const key = `${fd}/${stream}`;
      if (name === "write" && type === request && isTaskRequest(text)) {
        this.#requests.set(key, fromMs);
      } else if (name === "read" && type === response) this.#onAnswer(key, toMs);
    }
  }

  #onAnswer(key: string, toMs: number): void {
    const fromMs = this.#requests.get(key);
    this.#requests.delete(key);
    if (fromMs !== undefined) this.spans.push({ part: "shim's answers", fromMs, toMs });
  }
}

/** `Wait` is answered when the container ends: nobody waits for it meanwhile. */
function isTaskRequest(text: string): boolean {
  return /containerd\.task\.v\d\.Task/.test(text) && !text.includes("\x12\x04Wait");
}

function framesOf(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + headerBytes <= bytes.length;) {
    const end = at + headerBytes + bytes.readUInt32BE(at);
    const text = bytes.toString("latin1", at + headerBytes, end);
    frames.push({ type: bytes.readUInt8(at + 8), stream: bytes.readUInt32BE(at + 4), text });
    at = end;
  }
  return frames;
}

function textOf(hex: string): string {
  return Buffer.from(hex.replaceAll("\\x", ""), "hex").toString();
}

/** Everything in a trace that a call may have waited for. */
export function spansOfTrace(trace: string): Span[] {
  const reader = new TraceReader();
  for (const line of trace.split("\n")) reader.line(line);
  return reader.spans;
}

/**
 * Gives each moment of a call to one part, the first of {@link callParts} that is under way then.
 * Programs that began before the call are not its own: a shim that goes on.
 */
export function splitCall({ fromMs, toMs }: CallWindow, spans: readonly Span[]): CallSplit {
  const own = spans.filter((span) => span.fromMs >= fromMs && span.fromMs <= toMs);
  const edges = [fromMs, toMs, ...own.flatMap((span) => [span.fromMs, Math.min(span.toMs, toMs)])];
  const times = [...new Set(edges)].toSorted((a, b) => a - b);
  const ms = new Map<CallPart | undefined, number>();
  for (const [index, start] of times.slice(0, -1).entries()) {
    const end = times[index + 1] ?? start;
    const now = callParts.find((part) => own.some((span) => isIn(span, part, start)));
    ms.set(now, (ms.get(now) ?? 0) + end - start);
  }
  const figures = callParts.map((part) => {
    const count = own.filter((span) => span.part === part).length;
    return [part, { ms: ms.get(part) ?? 0, count }] as const;
  });
  return {
    ...{ whole: toMs - fromMs, containerd: ms.get(undefined) ?? 0 },
    parts: Object.fromEntries(figures) as CallSplit["parts"],
  };
}

function isIn(span: Span, part: CallPart, atMs: number): boolean {
  return span.part === part && span.fromMs <= atMs && atMs < span.toMs;
}

/** The median of each figure. */
export function medianSplit(splits: readonly CallSplit[]): CallSplit {
  const figures = callParts.map((part) => {
    const of = (figure: "ms" | "count"): number =>
      median(splits.map(({ parts }) => parts[part][figure]));
    return [part, { ms: of("ms"), count: of("count") }] as const;
  });
  return {
    whole: median(splits.map(({ whole }) => whole)),
    containerd: median(splits.map(({ containerd }) => containerd)),
    parts: Object.fromEntries(figures) as CallSplit["parts"],
  };
}

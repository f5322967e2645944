import type { OnTransfer, TransferEvent } from "../../runtime/image/transfer-progress.ts";
import type { TextSink } from "../io.ts";

/** Shows how far a transfer is; disposing removes what was shown. */
export interface TransferProgress extends Disposable {
  readonly onTransfer: OnTransfer;
  /** What happened, for the last line: `2 layers sent (12.1 MiB), 3 there already`. */
  summary(verb: "sent" | "received"): string;
}

export interface ProgressOptions {
  readonly sink: TextSink;
  /** Whether a line can be drawn again and again. */
  readonly isTerminal: boolean;
  /** Milliseconds, only their differences matter. */
  readonly now: () => number;
}

interface BlobState {
  readonly sizeBytes: number;
  bytes: number;
  outcome: "moved" | "present" | "mounted" | undefined;
}

const drawEveryMs = 100;
const barCells = 24;
const eraseLine = "\r\u001b[K";

/** One line with a bar for all blobs together; without a terminal nothing but the summary. */
export function createTransferProgress(options: ProgressOptions): TransferProgress {
  const { sink, isTerminal, now } = options;
  const blobs = new Map<string, BlobState>();
  let drawnAt = -Infinity;
  let isDrawn = false;
  return {
    onTransfer(event) {
      apply(blobs, event);
      if (!isTerminal || now() - drawnAt < drawEveryMs) return;
      drawnAt = now();
      isDrawn = true;
      sink.write(`${eraseLine}${progressLine([...blobs.values()])}`);
    },
    summary(verb) {
      return summaryText([...blobs.values()], verb);
    },
    [Symbol.dispose]() {
      if (isDrawn) sink.write(eraseLine);
      isDrawn = false;
    },
  };
}

function apply(blobs: Map<string, BlobState>, event: TransferEvent): void {
  if (event.kind === "start") {
    blobs.set(event.digest, { sizeBytes: event.sizeBytes, bytes: 0, outcome: undefined });
    return;
  }
  const blob = blobs.get(event.digest);
  if (blob === undefined) return;
  if (event.kind === "progress") {
    blob.bytes = event.bytes;
  } else {
    blob.bytes = blob.sizeBytes;
    blob.outcome = event.outcome;
  }
}

function progressLine(blobs: readonly BlobState[]): string {
  const total = sum(blobs.map(({ sizeBytes }) => sizeBytes));
  const done = sum(blobs.map(({ bytes }) => bytes));
  const finished = blobs.filter(({ outcome }) => outcome !== undefined).length;
  const cells = total === 0 ? 0 : Math.floor((barCells * done) / total);
  const bar = "#".repeat(cells).padEnd(barCells, ".");
  return `[${bar}] ${formatBytes(done)} of ${formatBytes(total)}, ${finished}/${blobs.length} blobs`;
}

function summaryText(blobs: readonly BlobState[], verb: string): string {
  const moved = blobs.filter(({ outcome }) => outcome === "moved");
  const others = blobs.filter(({ outcome }) => outcome === "present" || outcome === "mounted");
  const bytes = formatBytes(sum(moved.map(({ sizeBytes }) => sizeBytes)));
  const parts = [`${moved.length} blobs ${verb} (${bytes})`];
  if (others.length > 0) parts.push(`${others.length} there already`);
  return parts.join(", ");
}

/** `12.1 MiB`, with the largest unit that leaves at least 1. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type * as nodeFfi from "node:ffi";
import type { Socket } from "node:net";
import { WhorlError } from "../error.ts";
import { imageName } from "../instance/ffi-memory.ts";

/** What Node has no function for: what two threads share. */
export interface Descriptors {
  /** Another descriptor of the same socket, to be closed on its own. Throws `limit`. */
  duplicate(fd: number): number;
  close(fd: number): void;
  /** Gives back the images of memories that a thread has left behind which did not end in order. */
  sweepImages(thread: number): void;
}

/** Of the C library. Throws `unsupported` where Node cannot call it. */
export function openDescriptors(): Descriptors {
  const { functions } = loadFfi().dlopen(null, {
    dup: { arguments: ["i32"], return: "i32" },
    close: { arguments: ["i32"], return: "i32" },
    munmap: { arguments: ["u64", "u64"], return: "i32" },
  });
  return {
    duplicate(fd) {
      const copy = functions.dup(fd);
      if (copy < 0) {
        throw new WhorlError("limit", "no descriptor is left; raise the limit (ulimit -n)");
      }
      return copy;
    },
    close: (fd) => void functions.close(fd),
    sweepImages(thread) {
      const file = `/memfd:${imageName(thread)} (deleted)`;
      for (const fd of descriptorsOf(file)) functions.close(fd);
      for (const { start, size } of sharedMappingsOf(file)) functions.munmap(start, size);
    },
  };
}

function descriptorsOf(file: string): number[] {
  return readdirSync("/proc/self/fd")
    .filter((fd) => targetOf(fd) === file)
    .map(Number);
}

function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The one that the folder itself was read through.
    return undefined;
  }
}

/** Read-only and shared: those of instances are private, and belong to V8 (proc_pid_maps(5)). */
function sharedMappingsOf(file: string): { readonly start: bigint; readonly size: bigint }[] {
  const pattern = /^([0-9a-f]+)-([0-9a-f]+) r--s .{0,60}? (\/memfd:.*)$/;
  return readFileSync("/proc/self/maps", "latin1")
    .split("\n")
    .flatMap((line) => {
      const [, from, to, name] = pattern.exec(line) ?? [];
      if (from === undefined || to === undefined || name !== file) return [];
      const start = BigInt(`0x${from}`);
      return [{ start, size: BigInt(`0x${to}`) - start }];
    });
}

/**
 * Without the warning that it is experimental: it is for who chose it, which is not the user. Throws
 * `unsupported` where Node does not have it.
 */
export function loadFfi(): typeof nodeFfi {
  const { emitWarning } = process;
  process.emitWarning = (): void => undefined;
  try {
    const ffi = process.getBuiltinModule("node:ffi");
    if (ffi === undefined) throw new Error("there is no node:ffi");
    return ffi;
  } catch (error) {
    throw new WhorlError(
      "unsupported",
      "several apps in one process need node:ffi, which this Node does not have; " +
        "start each app with a whorl up of its own",
      { cause: error },
    );
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** The part of a socket's handle that Node keeps to itself, in all versions so far. */
interface StreamHandle {
  readonly fd: number;
  /** What the stream above believes. */
  reading: boolean;
  readStart(): number;
  readStop(): number;
}

/** The descriptor of a socket; undefined where it is closed. */
export function descriptorOf(socket: Socket): number | undefined {
  return handleOf(socket)?.fd;
}

/** From this moment on nothing more is read, not even what has arrived. */
export function stopReading(socket: Socket): void {
  const handle = handleOf(socket);
  if (handle === undefined) return;
  handle.readStop();
  // A paused stream would read ahead. One that believes to be reading already does not.
  handle.reading = true;
  socket.pause();
}

/** What arrives is read, and thrown away: unread bytes would turn the end into a reset. */
export function discardInput(socket: Socket): void {
  const handle = handleOf(socket);
  if (handle === undefined) return;
  handle.readStart();
  socket.resume();
}

function handleOf(socket: Socket): StreamHandle | undefined {
  const { _handle: handle } = socket as Socket & { readonly _handle?: StreamHandle | null };
  return handle ?? undefined;
}

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { endianness } from "node:os";
import { WhorlError } from "../error.ts";
import { imageName } from "../instance/ffi-memory.ts";
import { type Ffi, loadFfi } from "../instance/load-ffi.ts";

/** What Node has no function for: what two threads share. */
export interface Descriptors {
  /** Another descriptor of the same socket, to be closed on its own. Throws `limit`. */
  duplicate(fd: number): number;
  close(fd: number): void;
  /** Whether nothing at all was ever sent on a TCP connection; false where nobody knows. */
  isUnanswered(fd: number): boolean;
  /** Gives back the images of memories that a thread has left behind which did not end in order. */
  sweepImages(thread: number): void;
}

/** Of the C library. Throws `unsupported` where Node cannot call it: where `load` throws. */
export function openDescriptors(load: () => Ffi = loadFfi): Descriptors {
  const ffi = needed(load);
  const { functions } = ffi.dlopen(null, {
    dup: { arguments: ["i32"], return: "i32" },
    close: { arguments: ["i32"], return: "i32" },
    munmap: { arguments: ["u64", "u64"], return: "i32" },
    getsockopt: { arguments: ["i32", "i32", "i32", "pointer", "pointer"], return: "i32" },
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
    isUnanswered(fd) {
      const info = Buffer.alloc(tcpInfo.bytes);
      const length = new Uint32Array([info.length]);
      const [to, size] = [ffi.getRawPointer(info), ffi.getRawPointer(length)];
      const isKnown = functions.getsockopt(fd, ipprotoTcp, tcpInfo.option, to, size) === 0;
      if (!isKnown || (length[0] ?? 0) < info.length) return false;
      const { notSentBytes, dataSegmentsOut } = tcpInfo;
      return uint32(info, notSentBytes) === 0 && uint32(info, dataSegmentsOut) === 0;
    },
    sweepImages(thread) {
      const file = `/memfd:${imageName(thread)} (deleted)`;
      for (const fd of descriptorsOf(file)) functions.close(fd);
      for (const { start, size } of sharedMappingsOf(file)) functions.munmap(start, size);
    },
  };
}

const ipprotoTcp = 6;
/** The part of struct tcp_info that is needed (linux/tcp.h; since Linux 4.6). */
const tcpInfo = { option: 11, bytes: 160, notSentBytes: 144, dataSegmentsOut: 156 } as const;

function uint32(info: Buffer, offset: number): number {
  return endianness() === "LE" ? info.readUInt32LE(offset) : info.readUInt32BE(offset);
}

function needed(load: () => Ffi): Ffi {
  try {
    return load();
  } catch (error) {
    throw new WhorlError(
      "unsupported",
      "several apps in one process need node:ffi, which this Node does not have; " +
        "start each app with a whorl up of its own",
      { cause: error },
    );
  }
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

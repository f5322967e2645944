import { dlopen, getRawPointer } from "node:ffi";
import { ShimError } from "../error.ts";

/** The calls about processes and descriptors that Node has no function for. */
export interface ProcessCalls {
  /** A new file that is nowhere on a disk, which stays open when this process becomes another. */
  memoryFile(name: string): number;
  /** The descriptor stays open when this process becomes another program, or does not. */
  keepAtExec(descriptor: number, isKept: boolean): void;
  /**
   * How a child ended, as a shell would say it; undefined while it lives. A child is forgotten by
   * the kernel once this has been told, and counts as killed (137) from then on.
   */
  exitStatus(pid: number): number | undefined;
}

const setDescriptorFlags = 2;
const closeOnExec = 1;
const withoutWaiting = 1;

/** Loads them from the C library. */
export function processCalls(): ProcessCalls {
  const { functions } = dlopen(null, {
    fcntl: { arguments: ["i32", "i32", "i32"], return: "i32" },
    memfd_create: { arguments: ["string", "u32"], return: "i32" },
    waitpid: { arguments: ["i32", "pointer", "i32"], return: "i32" },
  });
  const status = Buffer.alloc(4);
  const statusAddress = getRawPointer(status);
  return {
    memoryFile(name) {
      const fd = functions.memfd_create(name, 0);
      if (fd < 0) throw new ShimError("internal", `${name} cannot be kept in memory`);
      return fd;
    },
    keepAtExec(descriptor, isKept) {
      if (functions.fcntl(descriptor, setDescriptorFlags, isKept ? 0 : closeOnExec) === 0) return;
      throw new ShimError("internal", `descriptor ${descriptor} is not open`);
    },
    exitStatus(pid) {
      const result = functions.waitpid(pid, statusAddress, withoutWaiting);
      if (result === 0) return undefined;
      return result === pid ? shellStatus(status.readInt32LE()) : 137;
    },
  };
}

/** Of the number that wait(2) gives. */
export function shellStatus(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}

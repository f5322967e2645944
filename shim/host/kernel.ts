import { closeSync, openSync, readlinkSync } from "node:fs";
import { dlopen, getInt32, getRawPointer } from "node:ffi";
import { getSystemErrorMap } from "node:util";
import { ShimError } from "../error.ts";
import { messageRoom, receivedDescriptors } from "./descriptor-message.ts";
import { encodeSocketAddress } from "./encode-socket-address.ts";

/** Flags of mount(2). */
export const mountFlags = {
  readOnly: 1n,
  noSuid: 2n,
  noDev: 4n,
  noExec: 8n,
  remount: 32n,
  bind: 4096n,
  recursive: 16384n,
} as const;

/** The calls that Node has no function for. Each throws `internal`, naming what it was for. */
export interface Kernel {
  mount(mount: {
    readonly source: string;
    readonly target: string;
    readonly type: string;
    readonly flags: bigint;
    readonly data: string;
  }): void;
  /**
   * The network of the calling thread, and of every thread that is started from it later: of the
   * process behind a path below /proc, or a new one where there is none.
   */
  enterNetwork(path: string | undefined): void;
  /** What is written to `fd` goes where `target` does. */
  redirect(fd: number, target: number): void;
  /**
   * The root of every thread of this process. If a file system is mounted at `path`, nothing else is
   * left in the process's mount view, which has to be its own.
   */
  changeRoot(path: string): void;
  /** Paths of this process begin there; mounts stay as they are. */
  enterRoot(path: string): void;
  /** No program started from here ever gets more privileges. */
  forbidNewPrivileges(): void;
  /** Every thread of this process, now and later, is refused what the filter refuses. */
  filterCalls(filter: Uint8Array): void;
  /** This process may look at its own memory map, which a change of user forbids. */
  allowOwnInspection(): void;
  /** This process is ended when the thread that started it is gone. */
  endWithParent(): void;
  /** The next message of a channel with the descriptors it brings; undefined if none waits. */
  receiveDescriptors(channel: number): ReceivedDescriptors | undefined;
  /** Binds a socket to an IP address. Throws with `code` as Node's own calls do. */
  bind(fd: number, address: { readonly host: string; readonly port: number }): void;
}

export interface ReceivedDescriptors {
  readonly text: string;
  readonly descriptors: readonly number[];
}

const prctlOptions = { setParentDeathSignal: 1, setDumpable: 4, setNoNewPrivileges: 38 } as const;

const pivotRootNumbers: Readonly<Record<string, bigint>> = { x64: 155n, arm64: 41n };
const seccompNumbers: Readonly<Record<string, bigint>> = { x64: 317n, arm64: 277n };
/** CLONE_NEWNET. */
const newNetwork = 0x4000_0000;
/** MSG_CMSG_CLOEXEC and MSG_DONTWAIT. */
const receiveFlags = 0x4000_0040;
const messageBytesMax = 256;
/** As many as the kernel passes at once. */
const descriptorsMax = 253;
/** MNT_DETACH. */
const detach = 2;
const noSuchCall = -1n;
const setModeFilter = 1n;
const allThreads = 1n;

function openNative() {
  return dlopen(null, {
    mount: { arguments: ["string", "string", "string", "u64", "string"], return: "i32" },
    chroot: { arguments: ["string"], return: "i32" },
    umount2: { arguments: ["string", "i32"], return: "i32" },
    syscall: { arguments: ["i64", "u64", "u64", "pointer"], return: "i64" },
    setns: { arguments: ["i32", "i32"], return: "i32" },
    unshare: { arguments: ["i32"], return: "i32" },
    dup2: { arguments: ["i32", "i32"], return: "i32" },
    prctl: { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" },
    bind: { arguments: ["i32", "pointer", "u32"], return: "i32" },
    __errno_location: { arguments: [], return: "pointer" },
    recvmsg: { arguments: ["i32", "pointer", "i32"], return: "i64" },
  }).functions;
}

function changeRoot(
  path: string,
  { syscall, umount2, chroot }: ReturnType<typeof openNative>,
): void {
  const mounts = (id: string): string => readlinkSync(`/proc/${id}/ns/mnt`);
  if (mounts("self") === mounts(String(process.ppid))) {
    throw new ShimError("internal", "this process has no mounts of its own");
  }
  process.chdir(path);
  const here = Buffer.from(".\0");
  const at = getRawPointer(here);
  const number = pivotRootNumbers[process.arch] ?? noSuchCall;
  const isPivoted = syscall(number, at, at, at) === 0n;
  // What was the root is where this process is then, and can be let go of.
  if ((isPivoted ? umount2(".", detach) : chroot(".")) !== 0) {
    throw new ShimError("internal", `changing the root to ${path} failed`);
  }
  process.chdir("/");
}

/** Loads them from the C library. */
export function linuxKernel(): Kernel {
  const functions = openNative();
  const check = (result: unknown, what: string): void => {
    if (result !== 0) throw new ShimError("internal", `${what} failed`);
  };
  const prctl = (option: number, value: bigint, what: string): void =>
    check(functions.prctl(option, value, 0n, 0n, 0n), what);
  return {
    mount({ source, target, type, flags, data }) {
      const result = functions.mount(source, target, type, flags, data);
      check(result, `mounting ${source} at ${target}`);
    },
    enterNetwork(path) {
      if (path === undefined) return check(functions.unshare(newNetwork), "making a network");
      const fd = openSync(path, "r");
      try {
        check(functions.setns(fd, newNetwork), `entering the network ${path}`);
      } finally {
        closeSync(fd);
      }
    },
    redirect: (fd, target) =>
      check(functions.dup2(target, fd) === fd ? 0 : -1, `redirecting output ${fd}`),
    changeRoot: (path) => changeRoot(path, functions),
    enterRoot(path) {
      process.chdir(path);
      check(functions.chroot("."), `changing the root to ${path}`);
      process.chdir("/");
    },
    forbidNewPrivileges: () =>
      prctl(prctlOptions.setNoNewPrivileges, 1n, "giving up new privileges"),
    filterCalls(filter) {
      const number = seccompNumbers[process.arch];
      if (number === undefined) throw new ShimError("unimplemented", "no seccomp(2) here");
      // struct sock_fprog: the number of instructions, and after padding their address.
      const program = Buffer.alloc(16);
      program.writeUInt16LE(filter.length / 8, 0);
      program.writeBigUInt64LE(getRawPointer(filter), 8);
      const result = functions.syscall(number, setModeFilter, allThreads, getRawPointer(program));
      check(Number(result), "filtering system calls");
    },
    allowOwnInspection: () => prctl(prctlOptions.setDumpable, 1n, "permitting own inspection"),
    endWithParent: () => prctl(prctlOptions.setParentDeathSignal, 9n, "tying to the front"),
    bind(fd, address) {
      const bytes = encodeSocketAddress(address);
      if (functions.bind(fd, getRawPointer(bytes), bytes.length) === 0) return;
      const number = getInt32(functions.__errno_location(), 0);
      const [code = "EIO", reason = `error ${number}`] = getSystemErrorMap().get(-number) ?? [];
      throw Object.assign(new Error(`binding ${address.host}: ${reason}`), { code });
    },
    receiveDescriptors(channel) {
      const room = messageRoom(messageBytesMax, descriptorsMax);
      const size = functions.recvmsg(channel, getRawPointer(room.header), receiveFlags);
      return size <= 0n ? undefined : receivedDescriptors(room, Number(size));
    },
  };
}

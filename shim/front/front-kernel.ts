import { closeSync, openSync } from "node:fs";
import { dlopen, getInt32, getRawPointer } from "node:ffi";
import { isIPv6 } from "node:net";
import { getSystemErrorMap } from "node:util";
import { ShimError } from "../error.ts";
import { messageWithDescriptors } from "../host/descriptor-message.ts";
import { encodeSocketAddress } from "../host/encode-socket-address.ts";

/** What a socket is for. */
export type SocketKind = "tcp" | "udp";

/** 4 or 6. */
export type IpVersion = 4 | 6;

export interface SocketAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

/** Descriptors of another process's mount view and of its root there. */
export interface MountView {
  readonly mounts: number;
  readonly root: number;
}

/**
 * What the front does by system calls that Node has no function for. Each call works at once and on
 * this thread alone, which is in its own namespaces again when it returns. Errors are ShimErrors
 * `internal` whose message ends with the kernel's reason.
 */
export interface FrontKernel {
  /** Descriptors that are made while `run` runs belong to the network behind `network`. */
  inNetwork<T>(network: number, run: () => T): T;
  /** Paths mean what they mean to the process behind `view` while `run` runs. */
  inView<T>(view: MountView, run: () => T): T;
  /** A descriptor of a mount of `source` that is nowhere to be seen yet, with all below it. */
  cloneMount(source: string, options: { readonly isReadOnly: boolean }): number;
  /** Shows a cloned mount at a path that exists. */
  attachMount(mount: number, target: string): void;
  /** Hides what is mounted; it is gone when nobody uses it any more. */
  detachMount(target: string): void;
  /** A socket that neither is bound nor connected. */
  socket(kind: SocketKind, version: IpVersion): number;
  /** A TCP socket that is bound; listening is left to who gets it. */
  boundSocket(address: SocketAddress): number;
  /** Two ends of a channel that keeps messages apart. */
  channel(): readonly [number, number];
  /** Never waits: fails where the other side does not read. */
  sendDescriptors(channel: number, text: string, descriptors: readonly number[]): void;
}

const flags = {
  newNetwork: 0x4000_0000,
  newMounts: 0x2_0000,
  ownFileSystemState: 0x200,
} as const;

/** The same everywhere: they are newer than the common table of system call numbers. */
const calls = { openTree: 428n, moveMount: 429n, setMountAttributes: 442n } as const;
const currentFolder = -100n;
const openTreeFlags = 0x1n | 0x8000n | 0x8_0000n;
const attributes = { readOnly: 1n, noSuid: 2n, noDev: 4n } as const;
const emptyPath = 0x1000n;
const recursive = 0x8000n;
const moveFromDescriptor = 4n;
const detach = 2;
const socketTypes = { tcp: 1, udp: 2, packets: 5 } as const;
const families = { 4: 2, 6: 10, local: 1 } as const;
const closeOnExec = 0x8_0000;
const nonBlocking = 0x800;
const option = { socketLevel: 1, reuseAddress: 2, version6Level: 41, version6Only: 26 } as const;
const sendFlags = 0x40 | 0x4000;

/** Loads them from the C library. */
export function frontKernel(): FrontKernel {
  return new LinuxFrontKernel();
}

function openNative() {
  return dlopen(null, {
    setns: { arguments: ["i32", "i32"], return: "i32" },
    unshare: { arguments: ["i32"], return: "i32" },
    syscall: { arguments: ["i64", "i64", "u64", "i64", "u64", "u64"], return: "i64" },
    umount2: { arguments: ["string", "i32"], return: "i32" },
    chroot: { arguments: ["string"], return: "i32" },
    fchdir: { arguments: ["i32"], return: "i32" },
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    setsockopt: { arguments: ["i32", "i32", "i32", "pointer", "u32"], return: "i32" },
    bind: { arguments: ["i32", "pointer", "u32"], return: "i32" },
    socketpair: { arguments: ["i32", "i32", "i32", "pointer"], return: "i32" },
    sendmsg: { arguments: ["i32", "pointer", "i32"], return: "i64" },
    __errno_location: { arguments: [], return: "pointer" },
  }).functions;
}

class LinuxFrontKernel implements FrontKernel {
  readonly #native = openNative();
  /** Of the thread that this is used on. */
  readonly #own = {
    network: openSync("/proc/thread-self/ns/net", "r"),
    mounts: openSync("/proc/thread-self/ns/mnt", "r"),
    root: openSync("/", "r"),
  };

  inNetwork<T>(network: number, run: () => T): T {
    const { setns } = this.#native;
    this.#check(setns(network, flags.newNetwork), "entering a pod's network");
    try {
      return run();
    } finally {
      if (setns(this.#own.network, flags.newNetwork) !== 0) process.abort();
    }
  }

  inView<T>(view: MountView, run: () => T): T {
    const { setns, unshare } = this.#native;
    // Other threads keep what they have; those that were started since then share it again.
    this.#check(unshare(flags.ownFileSystemState), "taking leave of other threads' folders");
    this.#check(setns(view.mounts, flags.newMounts), "entering a host's mounts");
    try {
      this.#check(this.#enterRoot(view.root), "entering a host's root");
      return run();
    } finally {
      const isBack =
        setns(this.#own.mounts, flags.newMounts) === 0 && this.#enterRoot(this.#own.root) === 0;
      if (!isBack) process.abort();
    }
  }

  #enterRoot(root: number): number {
    const { fchdir, chroot } = this.#native;
    return fchdir(root) === 0 ? chroot(".") : -1;
  }

  cloneMount(source: string, { isReadOnly }: { readonly isReadOnly: boolean }): number {
    const path = Buffer.from(`${source}\0`);
    const tree = Number(
      this.#native.syscall(
        ...[calls.openTree, currentFolder, getRawPointer(path), openTreeFlags, 0n, 0n],
      ),
    );
    this.#check(tree < 0 ? -1 : 0, `taking ${source}`);
    const attr = Buffer.alloc(32);
    const readOnly = isReadOnly ? attributes.readOnly : 0n;
    attr.writeBigUInt64LE(readOnly | attributes.noSuid | attributes.noDev, 0);
    const at = emptyPath | recursive;
    const size = BigInt(attr.length);
    try {
      const result = this.#native.syscall(
        ...[calls.setMountAttributes, BigInt(tree), getRawPointer(noPath), at],
        ...[getRawPointer(attr), size],
      );
      this.#check(Number(result), `restricting ${source}`);
    } catch (error) {
      closeSync(tree);
      throw error;
    }
    return tree;
  }

  attachMount(mount: number, target: string): void {
    const path = Buffer.from(`${target}\0`);
    const result = this.#native.syscall(
      ...[calls.moveMount, BigInt(mount), getRawPointer(noPath), currentFolder],
      ...[getRawPointer(path), moveFromDescriptor],
    );
    this.#check(Number(result), `mounting at ${target}`);
  }

  detachMount(target: string): void {
    this.#check(this.#native.umount2(target, detach), `unmounting ${target}`);
  }

  socket(kind: SocketKind, version: IpVersion): number {
    const type = socketTypes[kind] | closeOnExec | nonBlocking;
    const fd = this.#native.socket(families[version], type, 0);
    this.#check(fd < 0 ? -1 : 0, `making a socket for IPv${version}`);
    return fd;
  }

  boundSocket({ host, port }: SocketAddress): number {
    const version = isIPv6(host) ? 6 : 4;
    const fd = this.socket("tcp", version);
    try {
      const one = Buffer.from([1, 0, 0, 0]);
      const { setsockopt, bind } = this.#native;
      const set = (level: number, name: number): number =>
        setsockopt(fd, level, name, getRawPointer(one), one.length);
      this.#check(set(option.socketLevel, option.reuseAddress), "reusing an address");
      const address = encodeSocketAddress({ host, port });
      const what = `listening on ${version === 6 ? `[${host}]` : host}:${port}`;
      this.#check(bind(fd, getRawPointer(address), address.length), what);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  channel(): readonly [number, number] {
    const pair = Buffer.alloc(8);
    const type = socketTypes.packets | closeOnExec;
    const result = this.#native.socketpair(families.local, type, 0, getRawPointer(pair));
    this.#check(result, "making a channel");
    return [pair.readInt32LE(0), pair.readInt32LE(4)];
  }

  sendDescriptors(channel: number, text: string, descriptors: readonly number[]): void {
    const { header, parts } = messageWithDescriptors(text, descriptors);
    const sent = this.#native.sendmsg(channel, getRawPointer(header), sendFlags);
    this.#check(Number(sent) === parts.data.length ? 0 : -1, "passing descriptors");
  }

  /** Asked for at once, before anything else can change it. */
  #check(result: number, what: string): void {
    if (result === 0) return;
    const number = getInt32(this.#native.__errno_location(), 0);
    const [, reason = `error ${number}`] = getSystemErrorMap().get(-number) ?? [];
    throw new ShimError("internal", `${what}: ${reason}`);
  }
}

const noPath = Buffer.from("\0");

import type { Socket } from "node:net";

/**
 * Settings of a tcp-socket, as the guest reads them back. Node can apply those of keep-alive. It
 * has no setting for the hop limit and for the buffers of TCP sockets: these are values that are
 * kept, handed on to accepted sockets, and have no effect on the wire.
 */
export interface TcpOptions {
  readonly keepAliveEnabled: boolean;
  readonly keepAliveIdleNs: bigint;
  readonly keepAliveIntervalNs: bigint;
  readonly keepAliveCount: number;
  readonly hopLimit: number;
  readonly receiveBufferBytes: bigint;
  readonly sendBufferBytes: bigint;
}

/** What Linux gives a new socket. */
export const defaultTcpOptions: TcpOptions = {
  keepAliveEnabled: false,
  keepAliveIdleNs: 7_200_000_000_000n,
  keepAliveIntervalNs: 75_000_000_000n,
  keepAliveCount: 9,
  hopLimit: 64,
  receiveBufferBytes: 131_072n,
  sendBufferBytes: 16_384n,
};

const secondNs = 1_000_000_000n;
/** Largest TCP_KEEPIDLE and TCP_KEEPINTVL of Linux. */
const keepAliveSecondsMax = 32_767n;
/** Largest TCP_KEEPCNT of Linux. */
const keepAliveCountMax = 127;
/** Sizes are a C int for the operating system. */
const bufferBytesMax = 0x7fff_ffffn;

/** The nearest time that the operating system can keep: whole seconds, at least one. */
export function clampKeepAliveNs(ns: bigint): bigint {
  const seconds = (ns + secondNs - 1n) / secondNs;
  return (seconds > keepAliveSecondsMax ? keepAliveSecondsMax : seconds) * secondNs;
}

/** The nearest number of probes that the operating system can keep. */
export function clampKeepAliveCount(count: number): number {
  return Math.min(count, keepAliveCountMax);
}

/** The nearest size that the operating system accepts. */
export function clampBufferBytes(size: bigint): bigint {
  return size > bufferBytesMax ? bufferBytesMax : size;
}

/** Gives a connected socket its keep-alive settings; a dead one ignores them. */
export function applyTcpOptions(socket: Socket, options: TcpOptions): void {
  socket.setKeepAlive(
    options.keepAliveEnabled,
    Number(options.keepAliveIdleNs / 1_000_000n),
    Number(options.keepAliveIntervalNs / 1_000_000n),
    options.keepAliveCount,
  );
}

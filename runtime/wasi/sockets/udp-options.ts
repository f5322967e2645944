import type { Socket } from "node:dgram";

/** Settings of a udp-socket, as the guest reads them back; undefined: the system's own. */
export interface UdpOptions {
  readonly hopLimit: number | undefined;
  readonly receiveBufferBytes: bigint | undefined;
  readonly sendBufferBytes: bigint | undefined;
}

/** What a guest reads that has set nothing: the defaults of Linux. */
export const defaultUdpOptions = {
  hopLimit: 64,
  receiveBufferBytes: 212_992n,
  sendBufferBytes: 212_992n,
} as const;

/** Gives a bound socket what was set; sizes out of range are clamped by the operating system. */
export function applyUdpOptions(socket: Socket, options: UdpOptions): void {
  const { hopLimit, receiveBufferBytes, sendBufferBytes } = options;
  if (hopLimit !== undefined) socket.setTTL(hopLimit);
  if (receiveBufferBytes !== undefined) socket.setRecvBufferSize(Number(receiveBufferBytes));
  if (sendBufferBytes !== undefined) socket.setSendBufferSize(Number(sendBufferBytes));
}

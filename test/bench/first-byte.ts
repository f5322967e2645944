import { once } from "node:events";
import { connect } from "node:net";

export interface FirstByte {
  /** From the call of connect to the first byte of the answer. */
  readonly ms: number;
  readonly status: number;
}

/** Asks over a new connection, as a client that has never been there. */
export async function firstByte(
  port: number,
  host: string,
  path = "/",
  address = "127.0.0.1",
): Promise<FirstByte> {
  const startedMs = performance.now();
  const socket = connect({ port, host: address, noDelay: true });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  const ms = performance.now() - startedMs;
  const status = Number(chunk.toString("latin1", 9, 12));
  socket.destroy();
  return { ms, status };
}

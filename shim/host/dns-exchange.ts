import { createSocket } from "node:dgram";
import { closeSync } from "node:fs";
import { isIPv6, type Socket } from "node:net";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import { isAnswerTo } from "./dns-message.ts";

/** How queries get to a server. */
export interface DnsTransport {
  /** A new socket for datagrams, not bound. */
  udpSocket(version: 4 | 6): Promise<number>;
  /** Starts to connect. */
  connect(host: string, port: number): Socket;
}

const dnsPort = 53;

/** Asks once, by a datagram. Rejects with `deadline_exceeded`, or with what the socket says. */
export async function askByDatagram(
  transport: DnsTransport,
  server: string,
  query: Buffer,
): Promise<Buffer> {
  const version = isIPv6(server) ? 6 : 4;
  const fd = await transport.udpSocket(version);
  const socket = createSocket(version === 6 ? "udp6" : "udp4");
  try {
    socket.bind({ fd });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timer = setTimeout(() => reject(tooLate(server)), shimLimits.nameServerMsMax);
  try {
    socket.on("error", reject);
    socket.on("message", (message) => {
      if (isAnswerTo(message, query)) resolve(message);
    });
    // Nobody else is heard from then on.
    socket.connectSync(dnsPort, server);
    socket.send(query, (error) => {
      if (error !== null) reject(error);
    });
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

/** As {@link askByDatagram}, by a connection, which takes answers of any size. */
export async function askByConnection(
  transport: DnsTransport,
  server: string,
  query: Buffer,
): Promise<Buffer> {
  const socket = transport.connect(server, dnsPort);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timer = setTimeout(() => reject(tooLate(server)), shimLimits.nameServerMsMax);
  let received = Buffer.alloc(0);
  try {
    socket.on("error", reject);
    socket.on("close", () => reject(new ShimError("unavailable", `${server} hung up`)));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const size = received.length < 2 ? Infinity : received.readUInt16BE(0);
      const message = received.subarray(2, 2 + size);
      if (message.length === size && isAnswerTo(message, query)) resolve(message);
      else if (message.length === size) reject(new ShimError("data_loss", `${server}: no answer`));
    });
    const size = Buffer.alloc(2);
    size.writeUInt16BE(query.length, 0);
    socket.write(Buffer.concat([size, query]));
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function tooLate(server: string): ShimError {
  return new ShimError("deadline_exceeded", `name server ${server} does not answer`);
}

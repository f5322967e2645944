import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** So many are on their way at a time: what a listening socket takes without refusing. */
const atOnce = 100;

const connectMsMax = 5_000;

/** Connections to a server over which nothing is ever said; disposing ends them. */
export class SilentConnections implements AsyncDisposable {
  readonly #sockets: Socket[] = [];
  /** Those that the server has ended, and those that it has never taken. */
  closed = 0;

  static async open(url: string, count: number): Promise<SilentConnections> {
    const connections = new SilentConnections();
    const { hostname, port } = new URL(url);
    for (let left = count; left > 0; left -= atOnce) {
      const more = Array.from({ length: Math.min(atOnce, left) }, async () => {
        const socket = connect({ host: hostname, port: Number(port) });
        connections.#sockets.push(socket);
        socket.setTimeout(connectMsMax, () => socket.destroy());
        socket.on("error", () => undefined);
        const isOver = once(socket, "close").then(() => void (connections.closed += 1));
        socket.resume();
        await Promise.race([once(socket, "connect").catch(() => undefined), isOver]);
        socket.setTimeout(0);
      });
      await Promise.all(more);
      // One that has refused some would let each of the others wait.
      if (connections.closed > 0) break;
    }
    return connections;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#sockets.map(async (socket) => {
        if (socket.destroyed) return;
        const ended = once(socket, "close");
        socket.destroy();
        await ended;
      }),
    );
  }
}

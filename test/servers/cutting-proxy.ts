import { once } from "node:events";
import { type Server, type Socket, connect, createServer } from "node:net";

/** A TCP proxy on loopback that can cut, hold back and refuse connections. */
export class CuttingProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** Bytes that each new connection may carry to the client before it is cut. */
  #bytesMax = Number.POSITIVE_INFINITY;
  #refuses = false;
  #holds = false;
  #connections = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(targetPort: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }

  /** Connections that were accepted so far, and those that are open. */
  get connections(): number {
    return this.#connections;
  }

  get open(): number {
    return this.#pairs.size;
  }

  /** Cuts what is open without a farewell. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** New connections are cut after so many bytes to the client. */
  cutAfter(bytesMax: number): void {
    this.#bytesMax = bytesMax;
  }

  /** New connections are cut at once. */
  refuse(refuses: boolean): void {
    this.#refuses = refuses;
  }

  /** Nothing passes any more, but connections stay open: a peer that has vanished. */
  hold(holds: boolean): void {
    this.#holds = holds;
    for (const [, server] of this.#pairs) {
      if (holds) server.pause();
      else server.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, "close");
  }

  #accept(client: Socket): void {
    this.#connections += 1;
    if (this.#refuses) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#targetPort, "127.0.0.1");
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    let leftBytes = this.#bytesMax;
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of pair) {
      socket.on("error", end);
      socket.on("close", end);
    }
    client.pipe(server);
    server.on("data", (chunk: Buffer) => {
      client.write(chunk.subarray(0, leftBytes));
      leftBytes -= chunk.length;
      if (leftBytes <= 0) client.end(() => end());
    });
    if (this.#holds) server.pause();
  }
}

import { once } from "node:events";
import { type IncomingMessage, type Server, createServer } from "node:http";
import { type Socket, connect } from "node:net";
import type { Duplex } from "node:stream";

/** An HTTP proxy that knows CONNECT only, as tunnels into clusters do. */
export class ConnectProxy implements AsyncDisposable {
  /** What was asked for, as `host:port`, in order. */
  readonly targets: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor() {
    this.#server = createServer((_request, response) => response.writeHead(405).end());
    this.#server.on("connect", (request, client, head) => this.#connect(request, client, head));
  }

  /** On a port of loopback, or where a path is given on that socket. */
  static async start(path?: string): Promise<ConnectProxy> {
    const proxy = new ConnectProxy();
    if (path === undefined) proxy.#server.listen(0, "127.0.0.1");
    else proxy.#server.listen(path);
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** Throws where it listens on a socket with a path. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("this proxy has no port");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Cuts everything that goes through it. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    this.cut();
    await once(this.#server, "close");
  }

  #connect({ url = "" }: IncomingMessage, client: Duplex, head: Buffer): void {
    this.targets.push(url);
    const { hostname, port } = new URL(`tcp://${url}`);
    const server: Socket = connect(Number(port), hostname, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      server.write(head);
      client.pipe(server).pipe(client);
    });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
  }
}

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

const headerBytes = 12;
const typeA = 1;
const notFound = 3;

/** Address of a Service, undefined where there is none. */
export type FindService = (name: string, namespace: string) => Promise<string | undefined>;

/** Answers for the names of Services of a cluster, as its DNS does: `NAME.NAMESPACE.svc.DOMAIN`. */
export class ClusterDns implements AsyncDisposable {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async start(address: string, find: FindService): Promise<ClusterDns> {
    const socket = createSocket("udp4");
    socket.on("message", (query, { port, address: asker }) => {
      void answerTo(query, find).then(
        (answer) => socket.send(answer, port, asker),
        (error: unknown) => console.error(`DNS: ${String(error)}`),
      );
    });
    socket.bind(53, address);
    await once(socket, "listening");
    return new ClusterDns(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }
}

/** RFC 1035: one question, at most one address. */
async function answerTo(query: Buffer, find: FindService): Promise<Buffer> {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const question = query.subarray(headerBytes, at + 5);
  const type = query.readUInt16BE(at + 1);
  const [name = "", namespace = "", kind, ...domain] = labels;
  const isService = kind === "svc" && domain.join(".") === "cluster.local";
  const address = isService ? await find(name, namespace) : undefined;
  const hasAnswer = address !== undefined && type === typeA;
  const header = Buffer.alloc(headerBytes);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8580 | (address === undefined ? notFound : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(hasAnswer ? 1 : 0, 6);
  if (!hasAnswer) return Buffer.concat([header, question]);
  const record = Buffer.from([0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 5, 0, 4]);
  return Buffer.concat([header, question, record, Buffer.from(address.split(".").map(Number))]);
}

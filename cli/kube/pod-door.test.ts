import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { podDoor } from "./pod-door.ts";
import type { KubeSession } from "./kube-session.ts";

/** Channels of a port-forward: data, and what went wrong in the pod. */
const [data, problem] = [0, 1];

/** One message of the server (RFC 6455, 5.2); short enough for the short form. */
function frame(channel: number, bytes: Uint8Array): Buffer {
  return Buffer.from([0x82, bytes.length + 1, channel, ...bytes]);
}

/** Payload of a short message of the client. */
function unmasked(message: Buffer): Buffer {
  const length = (message[1] ?? 0) & 0x7f;
  const mask = message.subarray(2, 6);
  return Buffer.from(message.subarray(6, 6 + length).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
}

interface TestApi extends AsyncDisposable {
  readonly session: KubeSession;
  readonly asked: readonly string[];
}

/** As an API server forwards a port: `answer` gets what the client sends, and the way back. */
async function forwarding(
  answer: (sent: Buffer, send: (channel: number, text: string) => void, socket: Duplex) => void,
  status = 101,
): Promise<TestApi> {
  const asked: string[] = [];
  const server = createServer();
  server.on("upgrade", (request, socket) => {
    asked.push(request.url ?? "");
    socket.on("error", () => undefined);
    if (status !== 101) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
        `sec-websocket-accept: ${accept}\r\nsec-websocket-protocol: v4.channel.k8s.io\r\n\r\n`,
    );
    const port = Buffer.from([9464 & 0xff, 9464 >> 8]);
    for (const channel of [data, problem]) socket.write(frame(channel, port));
    const send = (channel: number, line: string): void =>
      void socket.write(frame(channel, Buffer.from(line)));
    socket.on("data", (message: Buffer) => {
      if ((message[0] ?? 0) === 0x82) answer(unmasked(message).subarray(1), send, socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: "c", server: url, skipTLSVerify: true },
    { name: "u", token: "t" },
  );
  const objects = KubernetesObjectApi.makeApiClient(config);
  return {
    asked,
    session: { config, objects, namespace: "shop" },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await Promise.resolve();
    },
  };
}

const pod = { name: "shop-1", node: "n1", port: 9464 };

test("what is written comes into the pod, and what it answers comes back until it ends", async () => {
  await using api = await forwarding((sent, send, socket) => {
    send(data, `you said ${String(sent)}`);
    socket.end(Buffer.from([0x88, 0x00]));
  });
  const connection = await podDoor(api.session, pod).open();
  connection.write("hello");
  expect(await text(connection)).toBe("you said hello");
  expect(api.asked).toEqual(["/api/v1/namespaces/shop/pods/shop-1/portforward?ports=9464"]);
});

test("who has enough ends it on both sides", async () => {
  const came = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  await using api = await forwarding((_sent, _send, socket) => {
    socket.once("end", () => gone.resolve());
    came.resolve();
  });
  const connection = await podDoor(api.session, pod).open();
  connection.write("hello");
  await came.promise;
  connection.destroy();
  await gone.promise;
  expect(connection.destroyed).toBe(true);
});

test("what went wrong within the pod is its reason", async () => {
  await using api = await forwarding((_sent, send) => send(problem, "connection refused\n"));
  const connection = await podDoor(api.session, pod).open();
  connection.write("hello");
  await expect(text(connection)).rejects.toThrow("connection refused");
});

test.each([
  [403, "cluster", /refuses it \(403\); ask for the rights get and create on pods\/portforward/],
  [401, "cluster", /refuses it \(401\); log in to the cluster again/],
  [404, "listen", /cannot reach pod shop-1 of the namespace shop: the API server answers 404/],
  [500, "listen", /the API server answers 500/],
])("an API server that answers %s", async (status, code, message) => {
  await using api = await forwarding(() => undefined, status);
  const opened = podDoor(api.session, pod).open();
  await expect(opened).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as unknown,
  });
});

test("an API server that is not there", async () => {
  const api = await forwarding(() => undefined);
  await api[Symbol.asyncDispose]();
  await expect(podDoor(api.session, pod).open()).rejects.toMatchObject({ code: "listen" });
});

import { Duplex, PassThrough, Writable } from "node:stream";
import { PortForward } from "@kubernetes/client-node";
import { WhorlError } from "../../runtime/error.ts";
import type { AdminDoor } from "../../runtime/telemetry/admin/admin-client.ts";
import type { KubeSession } from "./kube-session.ts";
import type { OfferingPod } from "./pod-metrics.ts";

type ForwardedSocket = Exclude<
  Awaited<ReturnType<PortForward["portForward"]>>,
  (...args: never) => unknown
>;

/**
 * The way to a port of a pod by the API server, as `kubectl port-forward` goes it: connections come
 * from inside of the pod. Opening rejects with WhorlError `cluster` where the API server refuses
 * that, `listen` where the pod cannot be reached now.
 */
export function podDoor(session: KubeSession, { name, port }: OfferingPod): AdminDoor {
  return { name: `pod ${name}`, open: () => openPort(session, name, port) };
}

async function openPort(
  { config, namespace }: KubeSession,
  pod: string,
  port: number,
): Promise<Duplex> {
  const sent = new PassThrough();
  const connection = new Duplex({
    read: () => undefined,
    write: (chunk, _encoding, done) => {
      sent.write(chunk);
      done();
    },
  });
  connection.on("error", () => undefined);
  const received = new Writable({
    write: (chunk, _encoding, done) => {
      if (!connection.destroyed) connection.push(chunk);
      done();
    },
  });
  // Why a connection failed within the pod; it ends without a reason otherwise.
  const problems = new Writable({
    write: (text, _encoding, done) => {
      // At the beginning it only says which port it is about.
      const problem = String(text).trim();
      if (problem !== "") connection.destroy(new Error(problem));
      done();
    },
  });
  try {
    const forward = new PortForward(config, false);
    const socket = await forward.portForward(namespace, pod, [port], received, problems, sent);
    if (typeof socket === "function") throw new Error("the client keeps the connection to itself");
    holdTogether(socket, connection);
    if (connection.errored !== null) throw connection.errored;
    return connection;
  } catch (error) {
    throw whyRefused(error, { pod, namespace });
  }
}

/** A connection that is silently dead is found by questions that it does not answer any more. */
const questionEveryMs = 15_000;

function holdTogether(socket: ForwardedSocket, connection: Duplex): void {
  let isAnswering: boolean | undefined;
  const timer = setInterval(() => {
    // Some proxies never answer; then nothing can be said.
    if (isAnswering === false) socket.terminate();
    else if (isAnswering === true) isAnswering = false;
    socket.ping();
  }, questionEveryMs);
  timer.unref();
  socket.on("pong", () => void (isAnswering = true));
  socket.on("error", (error) => connection.destroy(error));
  socket.on("close", () => {
    clearInterval(timer);
    if (!connection.destroyed) connection.push(null);
  });
  connection.once("close", () => socket.terminate());
  if (connection.destroyed) socket.terminate();
}

function whyRefused(
  error: unknown,
  { pod, namespace }: { readonly pod: string; readonly namespace: string },
): WhorlError {
  // The client rejects with an event of its WebSocket.
  const message = String((error as { readonly message?: unknown } | null)?.message ?? error);
  const status = /Unexpected server response: (\d{3})/.exec(message)?.[1];
  const what = `cannot reach pod ${pod} of the namespace ${namespace}`;
  if (status === "401" || status === "403") {
    const remedy =
      status === "401"
        ? "log in to the cluster again, or choose another --context"
        : "ask for the rights get and create on pods/portforward there";
    return new WhorlError("cluster", `${what}: the API server refuses it (${status}); ${remedy}`);
  }
  const reason = status === undefined ? message : `the API server answers ${status}`;
  return new WhorlError("listen", `${what}: ${reason}`, { cause: error });
}

import type { IncomingMessage } from "node:http";

/**
 * What who wants to see requests has to send where only the address says who asks: a guest that
 * fetches what others name can be led to an address of its pod, but not to a header.
 */
export const lookHeader = ["whorl-look", "requests"] as const;

/**
 * Whether a request was made inside of the network that this process lives in, as port-forwards of
 * Kubernetes are: both ends are the loopback interface. What a proxy beside the app passes on from
 * elsewhere has the pod's own address on this end.
 */
export function isPortForwarded({ socket, headers }: IncomingMessage): boolean {
  const [name, value] = lookHeader;
  const ends = [socket.remoteAddress, socket.localAddress];
  return headers[name] === value && ends.every((end) => end !== undefined && loopback.has(end));
}

const loopback: ReadonlySet<string> = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

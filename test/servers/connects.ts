import { once } from "node:events";
import { connect } from "node:net";

/** Resolves once something accepts connections on this port of 127.0.0.1, rejects otherwise. */
export async function connects(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}

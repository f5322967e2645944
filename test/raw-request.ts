import { once } from "node:events";
import { connect } from "node:net";

/** Sends bytes as they are and returns everything that comes back until the server closes. */
export async function rawRequest(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.setEncoding("latin1");
  let answer = "";
  socket.on("data", (chunk: string) => (answer += chunk));
  // A reset after the answer takes nothing away from it.
  socket.on("error", () => undefined);
  socket.write(text, "latin1");
  await once(socket, "close");
  return answer;
}

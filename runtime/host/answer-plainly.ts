import type { Socket } from "node:net";
import { limits } from "../limits.ts";
import { discardInput } from "./descriptors.ts";

/** There is more to do than can be done: the client may come again soon (RFC 9110, 15.6.4). */
export function answerBusy(socket: Socket): void {
  answerPlainly(socket, "503 Service Unavailable", "", "retry-after: 1\r\n");
}

/**
 * Answers without any worker, and ends the connection: at the latest `limits.refusalMsMax` later,
 * whatever the client does. `header` is a line with its line break, or several.
 */
export function answerPlainly(socket: Socket, status: string, text: string, header = ""): void {
  const length = `content-length: ${Buffer.byteLength(text)}\r\n`;
  socket.end(`HTTP/1.1 ${status}\r\n${header}${length}connection: close\r\n\r\n${text}`);
  discardInput(socket);
  const timer = setTimeout(() => socket.destroy(), limits.refusalMsMax).unref();
  socket.once("close", () => clearTimeout(timer));
}

import { limits } from "../limits.ts";
import { discardInput } from "./descriptors.ts";
import type { Caller } from "./doorman.ts";

/** Answers without any worker, and ends the connection. */
export function answerPlainly({ socket }: Caller, status: string, text: string, header = ""): void {
  const length = `content-length: ${Buffer.byteLength(text)}\r\n`;
  socket.end(`HTTP/1.1 ${status}\r\n${header}${length}connection: close\r\n\r\n${text}`);
  discardInput(socket);
  const timer = setTimeout(() => socket.destroy(), limits.refusalMsMax).unref();
  socket.once("close", () => clearTimeout(timer));
}

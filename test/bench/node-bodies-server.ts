/**
 * Bodies without any guest: a POST is echoed, one to `/length` answered with the length of its body,
 * a GET of `/bytes?length=N` with N bytes.
 * `node-bodies-server.ts PORT`.
 */
import { createServer } from "node:http";
import { pipeline } from "node:stream";

const chunk = Buffer.alloc(64 * 1024, "x");

const server = createServer((request, response) => {
  if (request.url === "/length") {
    let length = 0;
    request.on("data", (part: Buffer) => (length += part.length));
    request.on("end", () => response.end(`${length}\n`));
    return;
  }
  if (request.method === "POST") {
    pipeline(request, response, () => undefined);
    return;
  }
  let left = Number(request.url?.split("=")[1] ?? "0");
  const send = (): void => {
    while (left > 0) {
      const part = chunk.subarray(0, Math.min(left, chunk.length));
      left -= part.length;
      if (!response.write(part)) {
        response.once("drain", send);
        return;
      }
    }
    response.end();
  };
  send();
});
server.listen(Number(process.argv[2]), "127.0.0.1");

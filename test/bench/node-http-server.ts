/** What node:http costs without any guest: `node-http-server.ts PORT`. */
import { createServer } from "node:http";

const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/plain" });
  response.end("Hello from Whorl\n");
});
server.listen(Number(process.argv[2]), "127.0.0.1");

/**
 * What node:http costs without any guest: `node-http-server.ts PORT [ADDRESS]`; prints the real port.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/plain" });
  response.end("Hello from Whorl\n");
});
const [port, address = "127.0.0.1"] = process.argv.slice(2);
server.listen(Number(port), address, () => {
  console.log((server.address() as AddressInfo).port);
});

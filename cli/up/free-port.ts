import { once } from "node:events";
import { createServer } from "node:net";
import { WhorlError } from "../../runtime/error.ts";
import { limits } from "../../runtime/limits.ts";
import type { ListenAddress } from "./listen-address.ts";

/**
 * The address itself if its port is free, else with the next port that is.
 * @throws WhorlError `listen` if none of the next ports is free or the host cannot be listened on.
 */
export async function findFreePort({ host, port }: ListenAddress): Promise<ListenAddress> {
  const last = Math.min(port + limits.freePortTriesMax - 1, 65_535);
  for (let candidate = port; candidate <= last; candidate++) {
    if (await isFree({ host, port: candidate })) return { host, port: candidate };
  }
  throw new WhorlError(
    "listen",
    `no port from ${port} to ${last} is free on ${host}; choose another with --listen`,
  );
}

async function isFree(address: ListenAddress): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(address);
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE" || code === "EACCES") return false;
    throw new WhorlError(
      "listen",
      `cannot listen on ${address.host}: ${(error as Error).message}; choose another address with --listen`,
      { cause: error },
    );
  }
}

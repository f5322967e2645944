import { once } from "node:events";
import type { Server } from "node:net";
import { errorText, WhorlError } from "../../error.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A socket that somebody else has bound and that listens already. */
export interface ListeningSocket {
  readonly fd: number;
}

/** Binds the server. Rejects with WhorlError `listen`, which says what to do. */
export async function listen(
  server: Server,
  wanted: ListenAddress | ListeningSocket,
): Promise<void> {
  server.listen(wanted);
  try {
    await once(server, "listening");
  } catch (error) {
    const place = "fd" in wanted ? `descriptor ${wanted.fd}` : `${wanted.host}:${wanted.port}`;
    throw new WhorlError("listen", `Cannot listen on ${place}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const { code = "" } = error as { code?: string };
  return reasons.get(code) ?? errorText(error);
}

const reasons: ReadonlyMap<string, string> = new Map([
  [
    "EADDRINUSE",
    "another process listens there. Stop it, or choose another address with --listen.",
  ],
  ["EACCES", "no permission. Ports below 1024 need privileges; choose a higher one with --listen."],
  ["EADDRNOTAVAIL", "this machine does not have that address. Choose one it has with --listen."],
  ["ENOTFOUND", "that host name has no address. Choose an IP address with --listen."],
]);

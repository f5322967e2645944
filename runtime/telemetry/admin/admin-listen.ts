import { once } from "node:events";
import type { Server } from "node:http";
import { errorText, WhorlError } from "../../error.ts";

/** Where a live view is offered. */
export type ListenPlace =
  | { readonly path: string }
  /** Port 0 takes a free one. */
  | { readonly host: string; readonly port: number };

/**
 * Listens, without keeping the process for it: whoever runs an app waits for the app's end.
 * Rejects with WhorlError `listen` where the place cannot be had.
 * @returns the port; 0 for a socket of the file system.
 */
export async function listening(server: Server, place: ListenPlace): Promise<number> {
  try {
    if ("path" in place) server.listen(place.path);
    else server.listen(place.port, place.host);
    await once(server, "listening");
  } catch (error) {
    const where = "path" in place ? place.path : `${place.host}:${place.port}`;
    throw new WhorlError(
      "listen",
      `cannot offer the live view at ${where}: ${errorText(error)}; choose another address`,
      { cause: error },
    );
  }
  server.unref();
  const bound = server.address();
  return bound === null || typeof bound === "string" ? 0 : bound.port;
}

/** Ends all connections. */
export async function stopListening(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

import { once } from "node:events";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";

/**
 * Asks an app for a path exactly as it is written, which `fetch` would tidy, and waits for the whole
 * answer. On a connection of its own: one that is kept may be closed just when it is used again.
 */
export async function ask(
  url: string,
  path: string,
  headers: OutgoingHttpHeaders = {},
): Promise<void> {
  const { hostname, port } = new URL(url);
  const asked = request({ hostname, port, path, headers, agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
}

/**
 * Asks again and again until disposed: figures of the last second are of something, however long
 * somebody takes to read them. Disposing rejects where an answer failed.
 */
export function keepAsking(askOnce: () => Promise<unknown>): AsyncDisposable {
  let isEnded = false;
  const asking = (async () => {
    while (!isEnded) await askOnce();
  })();
  // It is told where it is awaited.
  asking.catch(() => undefined);
  return {
    async [Symbol.asyncDispose]() {
      isEnded = true;
      await asking;
    },
  };
}

import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";

const answerMsMax = 5_000;

/**
 * Status of `GET /` at an address, asked for as a host of another name, which fetch does not allow.
 * Rejects where there is no answer.
 */
export async function askAs(
  host: string,
  address: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const asked = request(`http://${address}/`, {
    headers: { ...headers, host },
    signal: AbortSignal.timeout(answerMsMax),
  }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode ?? 0;
}

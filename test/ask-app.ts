import { once } from "node:events";
import { request } from "node:http";
import type { Agent, IncomingMessage } from "node:http";

export interface AppAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

export interface AppQuestion {
  readonly path?: string;
  /** Without one a connection of its own is made. */
  readonly agent?: Agent;
  readonly body?: string;
}

/** Asks an app by its name, whatever the name would resolve to. Rejects when the answer breaks off. */
export async function askApp(
  port: number,
  app: string,
  { path = "/", agent, body }: AppQuestion = {},
): Promise<AppAnswer> {
  const asked = request({
    ...{ host: "127.0.0.1", port, path, agent: agent ?? false, setHost: false },
    method: body === undefined ? "GET" : "POST",
    headers: { host: `${app}.localhost` },
  });
  // A connection that is cut after the answer has begun breaks the answer off, which is told below.
  asked.on("error", () => undefined);
  asked.end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { errorText, ShimError, type ShimErrorCode } from "../error.ts";
import { shimLimits } from "../limits.ts";

export interface KubeClientOptions {
  /** URL of the API server. */
  readonly server: string;
  /** Certificate of the authority to trust, PEM. */
  readonly ca: string;
  /** Asked for each request: tokens of pods are replaced from time to time. */
  readonly token: () => string;
}

/** How a patch is to be understood. */
export type PatchKind = "merge" | "strategic-merge";

interface Sending {
  readonly method: "GET" | "POST" | "PUT" | "PATCH";
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

const codes: Readonly<Record<number, ShimErrorCode>> = {
  404: "not_found",
  409: "already_exists",
  422: "invalid_argument",
};

/**
 * The few requests that the agent makes of Kubernetes; whole clients take more memory than all the
 * rest of it. Throws ShimError: `not_found`, `already_exists` (also for a conflict),
 * `failed_precondition` where rights are missing, `unavailable`.
 */
export class KubeClient implements Disposable {
  readonly #options: KubeClientOptions;
  readonly #agent: Agent;

  constructor(options: KubeClientOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, ca: options.ca });
  }

  /** An object or a list. */
  get<Kind>(path: string): Promise<Kind> {
    return this.#json<Kind>({ method: "GET", path });
  }

  create<Kind extends object>(path: string, body: Kind): Promise<Kind> {
    return this.#json<Kind>({ method: "POST", path, body, contentType: "application/json" });
  }

  replace<Kind extends object>(path: string, body: Kind): Promise<Kind> {
    return this.#json<Kind>({ method: "PUT", path, body, contentType: "application/json" });
  }

  patch<Kind>(path: string, body: object, kind: PatchKind = "merge"): Promise<Kind> {
    const contentType = `application/${kind}-patch+json`;
    return this.#json<Kind>({ method: "PATCH", path, body, contentType });
  }

  /** Objects as they are now and whenever they change, until the server ends or `signal` aborts. */
  async *watch<Kind>(path: string, signal: AbortSignal): AsyncGenerator<Kind, void, undefined> {
    const answer = await this.#send({ method: "GET", path, signal });
    let rest = "";
    try {
      for await (const chunk of answer) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        if (rest.length > shimLimits.agent.fileBytesMax) return;
        for (const line of lines.filter((each) => each !== "")) yield watchedObject<Kind>(line);
      }
    } catch (error) {
      signal.throwIfAborted();
      throw new ShimError("unavailable", `Kubernetes: ${path}: ${errorText(error)}`, {
        cause: error,
      });
    } finally {
      answer.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #json<Kind>(sending: Sending): Promise<Kind> {
    const text = await readText(await this.#send(sending), sending.path);
    return JSON.parse(text) as Kind;
  }

  /** An answer that is no refusal. */
  async #send({ method, path, body, contentType, signal }: Sending): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const sent = request(new URL(path, this.#options.server), {
      method,
      agent: this.#agent,
      // A watch is silent for as long as nothing happens.
      ...(signal === undefined ? { timeout: shimLimits.agent.apiMsMax } : { signal }),
      headers: {
        authorization: `Bearer ${this.#options.token()}`,
        accept: "application/json",
        ...(text !== undefined && {
          "content-type": contentType,
          "content-length": Buffer.byteLength(text),
        }),
      },
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.end(text);
    let answer: IncomingMessage;
    try {
      [answer] = (await once(sent, "response")) as [IncomingMessage];
    } catch (error) {
      signal?.throwIfAborted();
      const reason = `Kubernetes: ${method} ${path}: ${errorText(error)}`;
      throw new ShimError("unavailable", reason, { cause: error });
    }
    const { statusCode = 0 } = answer;
    if (statusCode < 300) return answer;
    throw refusal(`${method} ${path}`, statusCode, await readText(answer, path));
  }
}

/**
 * The object of one line of a watch.
 * @throws Error for anything else, such as an event of type ERROR, whose object is a Status
 */
export function watchedObject<Kind>(line: string): Kind {
  const { type, object } = JSON.parse(line) as { readonly type?: unknown; readonly object?: Kind };
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") return object as Kind;
  const { message } = (object ?? {}) as { readonly message?: unknown };
  throw new Error(`${String(type)} ${String(message)}`);
}

async function readText(answer: IncomingMessage, path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += (chunk as Buffer).length;
    if (bytes > shimLimits.agent.answerBytesMax) {
      answer.destroy();
      throw new ShimError("resource_exhausted", `Kubernetes: the answer to ${path} is too large`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

function refusal(what: string, status: number, text: string): ShimError {
  const code = codes[status] ?? (status < 500 ? "failed_precondition" : "unavailable");
  return new ShimError(code, `Kubernetes: ${what}: ${messageOf(text) ?? `status ${status}`}`);
}

/** Of a Status object. */
function messageOf(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

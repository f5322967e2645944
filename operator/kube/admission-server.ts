import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Server, createServer } from "node:https";
import { OperatorError, errorText } from "../error.ts";
import { limits } from "../limits.ts";
import type { Certificate } from "./self-signed-certificate.ts";
import type { KubeObject } from "./object.ts";

/** The part of `admission.k8s.io/v1` AdmissionRequest that is looked at. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly namespace?: string;
  readonly object: KubeObject;
}

/** One field that is wrong, as in `metav1.StatusCause`. */
export interface Cause {
  readonly field: string;
  readonly message: string;
}

export type AdmissionAnswer =
  | { readonly kind: "allowed"; readonly warnings?: readonly string[] }
  /** A JSON patch (RFC 6902). */
  | { readonly kind: "patched"; readonly patch: readonly object[] }
  | Denial;

export interface Denial {
  readonly kind: "denied";
  readonly message: string;
  /** Which object it is about: kubectl puts its own sentence together from this. */
  readonly about: { readonly group: string; readonly kind: string; readonly name: string };
  readonly causes: readonly Cause[];
}

export type AdmissionHandler = (
  request: AdmissionRequest,
  signal: AbortSignal,
) => Promise<AdmissionAnswer>;

export interface AdmissionServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly certificate: Certificate;
  /** PEM: only who has a certificate of this authority is answered; everybody where not given. */
  readonly clientAuthority?: string | undefined;
  /** By path. */
  readonly handlers: Readonly<Record<string, AdmissionHandler>>;
}

/** Answers the API server's admission webhooks over TLS. */
export class AdmissionServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #handlers: Readonly<Record<string, AdmissionHandler>>;
  /** What stays the same when the certificate changes. */
  readonly #clients: { readonly ca?: string };

  private constructor({ certificate, clientAuthority, handlers }: AdmissionServerOptions) {
    this.#handlers = handlers;
    this.#clients = clientAuthority === undefined ? {} : { ca: clientAuthority };
    const requestCert = clientAuthority !== undefined;
    const tls = { ...certificate, ...this.#clients, requestCert, rejectUnauthorized: requestCert };
    this.#server = createServer(tls, (request, response) => {
      void this.#answer(request, response);
    });
    this.#server.maxConnections = limits.operationsConnectionsMax;
    this.#server.requestTimeout = limits.requestMs;
  }

  /** Throws `listen` where the address cannot be had. */
  static async start(options: AdmissionServerOptions): Promise<AdmissionServer> {
    const admission = new AdmissionServer(options);
    const { host, port } = options;
    try {
      admission.#server.listen({ host, port });
      await once(admission.#server, "listening");
    } catch (cause) {
      const text = `cannot listen on ${host}:${port} for webhooks: ${errorText(cause)}`;
      throw new OperatorError("listen", text, { cause });
    }
    return admission;
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === "string" ? 0 : address.port;
  }

  /** New connections get this certificate; open ones go on. */
  renew({ cert, key }: Certificate): void {
    this.#server.setSecureContext({ cert, key, ...this.#clients });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), limits.admissionDrainMs);
    await closed;
    clearTimeout(timer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const path = (request.url ?? "").replace(/\?.*$/su, "");
      const handler = this.#handlers[path];
      if (handler === undefined || request.method !== "POST") {
        request.resume();
        return void response.writeHead(404).end();
      }
      const asked = parseReview(await body(request));
      const answer = await handler(asked, gone.signal);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(review(asked.uid, answer)));
    } catch (error) {
      if (response.headersSent || response.destroyed) return;
      const isBad = error instanceof OperatorError && error.code === "protocol";
      response.writeHead(isBad ? 400 : 500, { "content-type": "text/plain", connection: "close" });
      response.end(`${errorText(error)}\n`);
    }
  }
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limits.admissionBytesMax) {
      throw new OperatorError("protocol", `more than ${limits.admissionBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Throws `protocol` for what is no AdmissionReview of version 1. */
export function parseReview(text: string): AdmissionRequest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new OperatorError("protocol", "an AdmissionReview in JSON was expected", { cause });
  }
  const { apiVersion, kind, request } = (parsed ?? {}) as Readonly<Record<string, unknown>>;
  if (apiVersion !== "admission.k8s.io/v1" || kind !== "AdmissionReview") {
    throw new OperatorError("protocol", "an AdmissionReview of admission.k8s.io/v1 was expected");
  }
  const { uid, object } = (request ?? {}) as Partial<AdmissionRequest>;
  if (typeof uid !== "string" || typeof object?.metadata !== "object") {
    throw new OperatorError("protocol", "the AdmissionReview has no request with uid and object");
  }
  return request as AdmissionRequest;
}

function review(uid: string, answer: AdmissionAnswer): object {
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, ...response(answer) },
  };
}

function response(answer: AdmissionAnswer): object {
  switch (answer.kind) {
    case "allowed":
      return { allowed: true, ...(answer.warnings && { warnings: answer.warnings }) };
    case "patched": {
      const patch = Buffer.from(JSON.stringify(answer.patch)).toString("base64");
      return { allowed: true, patchType: "JSONPatch", patch };
    }
    case "denied": {
      const causes = answer.causes.map((cause) => ({ reason: "FieldValueInvalid", ...cause }));
      const { message } = answer;
      const status = {
        code: 422,
        reason: "Invalid",
        message,
        details: { ...answer.about, causes },
      };
      return { allowed: false, status };
    }
  }
}

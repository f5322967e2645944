import { text } from "node:stream/consumers";
import type { KubeConfig } from "@kubernetes/client-node";
import { KubeClient } from "../../operator/kube/client.ts";
import { KubeConfigTransport } from "../../operator/kube/kube-config-transport.ts";
import { isKubeError } from "../../operator/kube/kube-error.ts";
import type { Live } from "./read-json.ts";
import { listAt, textAt } from "./read-json.ts";

/** Until an answer through the API server begins. */
const answerMsMax = 5_000;

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A cluster by its API server, with the rights of a kubeconfig. Methods throw KubeError. */
export class Cluster implements AsyncDisposable {
  readonly host: string;
  readonly #transport: KubeConfigTransport;
  readonly #client: KubeClient;

  constructor(config: KubeConfig) {
    this.#transport = new KubeConfigTransport(config);
    this.#client = new KubeClient({ transport: this.#transport, userAgent: "whorl-conformance" });
    this.host = this.#transport.host;
  }

  async get(path: string, query: Query = {}): Promise<Live> {
    return (await this.#client.raw({ method: "GET", path, query })) as Live;
  }

  /** Undefined where there is no such object, or no such API. */
  async find(path: string, query: Query = {}): Promise<Live | undefined> {
    try {
      return await this.get(path, query);
    } catch (error) {
      if (isKubeError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** The items of a list; none where there is no such API. */
  async list(path: string, query: Query = {}): Promise<readonly unknown[]> {
    return listAt(await this.find(path, query), "items");
  }

  async create(path: string, body: object, query: Query = {}): Promise<Live> {
    return (await this.#client.raw({ method: "POST", path, body, query })) as Live;
  }

  /** JSON merge patch. */
  async patch(path: string, body: object): Promise<Live> {
    const contentType = "application/merge-patch+json";
    return (await this.#client.raw({ method: "PATCH", path, body, contentType })) as Live;
  }

  /** Also where it is gone already. */
  async delete(path: string, options: object = {}): Promise<void> {
    const body = { apiVersion: "v1", kind: "DeleteOptions", ...options };
    try {
      await this.#client.raw({ method: "DELETE", path, body });
    } catch (error) {
      if (!isKubeError(error, "NotFound")) throw error;
    }
  }

  /** Any answer, of the API server or of who it asks (`.../proxy/...`). */
  async ask(path: string): Promise<Answer> {
    const response = await this.#transport.send({
      ...{ method: "GET", path, headers: { "user-agent": "whorl-conformance" } },
      ...{ headersMs: answerMsMax, bodyMs: answerMsMax },
    });
    return { status: response.status, text: await text(response.body) };
  }

  /** Names of the resources of an API (`apps/v1`); undefined where it is not served. */
  async resources(groupVersion: string): Promise<readonly string[] | undefined> {
    const answer = await this.ask(`/apis/${groupVersion}`);
    if (answer.status !== 200) return undefined;
    return listAt(JSON.parse(answer.text), "resources").map((each) => textAt(each, "name"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }
}

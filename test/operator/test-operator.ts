import { Caches } from "../../operator/kube/caches.ts";
import { KubeClient } from "../../operator/kube/client.ts";
import { type Clock, systemClock } from "../../operator/kube/clock.ts";
import { KubeConfigTransport } from "../../operator/kube/kube-config-transport.ts";
import { silentLog } from "../../operator/kube/log.ts";
import type {
  Transport,
  TransportRequest,
  TransportResponse,
} from "../../operator/kube/transport.ts";
import type { KubeApiServer } from "../servers/kube-apiserver.ts";
import { operatorControllers } from "../../operator/reconcile/operator-controllers.ts";
import type { Announcement } from "../../operator/reconcile/operator-controllers.ts";

/** Notes every request on its way to a real API server. */
class CountingTransport implements Transport {
  readonly requests: string[] = [];
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get host(): string {
    return this.#transport.host;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    this.requests.push(`${request.method} ${request.path.replace(/\?.*/u, "")}`);
    return await this.#transport.send(request);
  }

  forgetCredentials(): void {
    this.#transport.forgetCredentials();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }
}

export interface TestOperatorOptions {
  readonly namespace?: string;
  readonly operatorNamespace?: string;
  readonly certificates?: string;
  readonly clock?: Clock;
}

/** The operator's controllers in this process, against a real API server. */
export class TestOperator implements AsyncDisposable {
  readonly client: KubeClient;
  readonly announcements: Announcement[] = [];
  readonly #transport: CountingTransport;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(server: KubeApiServer) {
    this.#transport = new CountingTransport(new KubeConfigTransport(server.kubeConfig()));
    this.client = new KubeClient({ transport: this.#transport, userAgent: "test" });
  }

  /** Resolves when everything was read. */
  static async start(
    server: KubeApiServer,
    options: TestOperatorOptions = {},
  ): Promise<TestOperator> {
    const operator = new TestOperator(server);
    const { client } = operator;
    const caches = new Caches({ client });
    const controllers = operatorControllers({
      client,
      caches,
      scope: {
        namespace: options.namespace,
        operatorNamespace: options.operatorNamespace ?? "spin-operator",
      },
      certificates: options.certificates ?? "the certificates\n",
      announce: (announcement) => void operator.announcements.push(announcement),
      clock: options.clock ?? systemClock,
      log: silentLog,
      concurrency: 8,
    });
    const { signal } = operator.#stop;
    for (const controller of controllers) controller.attach();
    const all = [caches.run(signal), ...controllers.map(async (one) => await one.run(signal))];
    operator.#running = Promise.all(all);
    await caches.synced(signal);
    return operator;
  }

  /** Requests so far, without lists and watches. */
  get requests(): readonly string[] {
    return this.#transport.requests.filter((request) => !isListOrWatch(request));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#transport[Symbol.asyncDispose]();
  }
}

/** GET of a collection: no name after the plural. */
function isListOrWatch(request: string): boolean {
  return /^GET \/(api|apis\/[^/]+)\/[^/]+\/(namespaces\/[^/]+\/)?[a-z]+$/u.test(request);
}

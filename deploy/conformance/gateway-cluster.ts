import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node";
import { Cluster } from "./cluster.ts";
import { listAt, nameOf, numberAt, textAt } from "./read-json.ts";
import type { Live } from "./read-json.ts";
import { Trial } from "./trial.ts";

const gatewayApi = "/apis/gateway.networking.k8s.io/v1";

export interface GatewayClusterOptions {
  /** Which of the API there is; everything where not given. */
  readonly has?: "no API" | "no controller" | "everything";
  /** What the gateway does with a request: by the HTTPRoute where not given. */
  readonly route?: (route: Live, headers: IncomingMessage["headers"], count: number) => string;
}

/**
 * So much of an API server, of an operator and of a gateway as the checks of gateways ask for: apps
 * are ready at once, and requests that the gateway passes on are counted for them.
 */
export class GatewayCluster implements AsyncDisposable {
  readonly trial: Trial;
  readonly #stack: AsyncDisposableStack;

  private constructor(trial: Trial, stack: AsyncDisposableStack) {
    this.trial = trial;
    this.#stack = stack;
  }

  static async start({
    has = "everything",
    route = byRules,
  }: GatewayClusterOptions = {}): Promise<GatewayCluster> {
    await using stack = new AsyncDisposableStack();
    const objects = new Map<string, Live>();
    const requests = new Map<string, number>();
    let count = 0;
    const gateway = stack.use(
      await listening((request, response) => {
        const made = [...objects].find(([path]) => path.includes("/httproutes/"))?.[1] ?? {};
        if (!listAt(made, "spec", "hostnames").includes(request.headers.host)) {
          response.writeHead(404).end();
          return;
        }
        const app = route(made, request.headers, count++);
        requests.set(app, (requests.get(app) ?? 0) + 1);
        response.end("Hello");
      }),
    );
    const server = stack.use(
      await listening((request, response) => {
        void answer({ objects, requests, has, gateway: gateway.address }, request, response);
      }),
    );
    const config = new KubeConfig();
    const api = { name: "c", server: `http://${server.address}`, skipTLSVerify: true };
    config.loadFromClusterAndUser(api, { name: "u" });
    const cluster = stack.use(new Cluster(config));
    const options = { image: "registry.example/hello:1", executor: "e", timeoutMs: 2_000 };
    return new GatewayCluster(await Trial.open(cluster, options), stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.trial[Symbol.asyncDispose]();
    await this.#stack[Symbol.asyncDispose]();
  }
}

/** As an HTTPRoute says: the first rule whose header fits, then weights in turn. */
function byRules(route: Live, headers: IncomingMessage["headers"], count: number): string {
  const rule = listAt(route, "spec", "rules").find((each) => {
    const [header] = listAt(each, "matches", 0, "headers");
    return header === undefined || headers[textAt(header, "name")] === textAt(header, "value");
  });
  const lots = listAt(rule, "backendRefs").flatMap((each) =>
    Array.from({ length: numberAt(each, "weight") || 1 }, () => textAt(each, "name")),
  );
  return lots[count % lots.length] ?? "";
}

interface State {
  readonly objects: Map<string, Live>;
  readonly requests: ReadonlyMap<string, number>;
  readonly has: GatewayClusterOptions["has"];
  readonly gateway: string;
}

async function answer(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://api");
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (request.method === "POST") {
    const object = (await json(request)) as Live;
    state.objects.set(`${pathname}/${nameOf(object)}`, withStatus(object, state.gateway));
    return send(201, object);
  }
  const proxied = /\/pods\/([^/]+)-pod:9464\/proxy\/metrics$/.exec(pathname)?.[1];
  if (proxied !== undefined) {
    const count = state.requests.get(proxied) ?? 0;
    response.end(`whorl_requests_total{app="${proxied}"} ${count}\n`);
    return undefined;
  }
  const found = discovered(state, pathname, searchParams) ?? state.objects.get(pathname);
  return send(found === undefined ? 404 : 200, found ?? { kind: "Status", reason: "NotFound" });
}

function discovered({ has }: State, path: string, query: URLSearchParams): object | undefined {
  const app = query.get("labelSelector")?.split("=")[1] ?? "";
  if (path.endsWith("/pods")) return { items: [{ metadata: { name: `${app}-pod` } }] };
  if (path === gatewayApi && has !== "no API") return { resources: [{ name: "httproutes" }] };
  if (path !== `${gatewayApi}/gatewayclasses`) return undefined;
  const conditions = [{ type: "Accepted", status: has === "no controller" ? "False" : "True" }];
  return { items: [{ metadata: { name: "any" }, status: { conditions } }] };
}

/** What controllers would write. */
function withStatus(object: Live, gateway: string): Live {
  const holds = (type: string): object => ({ type, status: "True" });
  const parents = [{ conditions: [holds("Accepted"), holds("ResolvedRefs")] }];
  const status = { conditions: [holds("Ready")], parents, addresses: [{ value: gateway }] };
  return { ...object, status };
}

async function listening(
  answering: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly address: string }> {
  const server: Server = createServer(answering).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

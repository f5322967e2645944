/** The console of a cluster: who sees what, by the rights of a real API server. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pods, spinApps } from "../../operator/reconcile/resources.ts";
import type {
  AppDetail,
  AppList,
  ConsoleInfo,
  PodMap,
} from "../../runtime/telemetry/admin/console-api.ts";
import { ClusterConsole, letList, signedToken } from "./console-cluster.ts";
import { TestCluster, poll, spinApp } from "./test-cluster.ts";

const everything = { namespace: "people", name: "everything" };
const shopper = { namespace: "people", name: "shopper" };
const biller = { namespace: "billing", name: "biller" };
const stranger = { namespace: "people", name: "stranger" };

let cluster: TestCluster;
let console: ClusterConsole;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  cluster = await TestCluster.start();
  for (const name of ["people", "shop", "billing", "many"]) cluster.ensureNamespace(name);
  for (const account of [everything, shopper, biller, stranger]) {
    cluster.server.kubectl(["create", "-n", account.namespace, "sa", account.name]);
    tokens[account.name] = newToken(account);
  }
  letList(cluster, everything, ["spinapps", "pods"]);
  letList(cluster, shopper, ["spinapps", "pods"], "shop");
  letList(cluster, biller, ["spinapps"], "billing");
  await fill();
  console = await ClusterConsole.start(cluster);
});

afterAll(async () => {
  await console[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

function newToken({ namespace, name }: typeof shopper, ...more: readonly string[]): string {
  return cluster.server.kubectl(["create", "-n", namespace, "token", name, ...more]).trim();
}

function tokenOf({ name }: typeof shopper): string {
  return tokens[name] ?? "";
}

/** An app that is well and one whose image is missing, each with a pod; and one in another namespace. */
async function fill(): Promise<void> {
  for (const [namespace, name] of [
    ["shop", "cart"],
    ["shop", "stock"],
    ["billing", "ledger"],
  ] as const) {
    expect(cluster.apply(namespace, spinApp(name))).toBe("");
    await pod(namespace, name);
  }
  await condition("shop", "cart", { reason: "AppReady", status: "True", message: "1 of 1" });
  await condition("billing", "ledger", { reason: "AppReady", status: "True", message: "1 of 1" });
  const message = "pod stock-x: container proxy: not found <b>1</b>";
  await condition("shop", "stock", { reason: "ImagePullFailed", status: "False", message });
}

async function condition(
  namespace: string,
  name: string,
  ready: { readonly reason: string; readonly status: string; readonly message: string },
): Promise<void> {
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  const conditions = [{ type: "Ready", observedGeneration: 1, lastTransitionTime, ...ready }];
  const status = { conditions, readyReplicas: ready.status === "True" ? 1 : 0 };
  await cluster.client.patch(spinApps, { namespace, name }, { status }, { subresource: "status" });
}

async function pod(namespace: string, app: string): Promise<void> {
  const name = `${app}-x`;
  const image = "registry.example/hello:1";
  const labels = { "core.spinkube.dev/app-name": app };
  const containers = [
    { name: app, image },
    { name: "proxy", image },
  ];
  const metadata = { name, namespace, labels };
  const object = { metadata, spec: { nodeName: "node-a", containers } };
  await cluster.client.create(pods, object);
  const waiting = { reason: "ImagePullBackOff", message: "not found <b>1</b>" };
  const isWell = app !== "stock";
  const running = { running: { startedAt: "2026-01-01T00:00:00Z" } };
  const status = {
    phase: isWell ? "Running" : "Pending",
    containerStatuses: [
      { name: app, ready: true, restartCount: 0, image, imageID: "", state: running },
      {
        ...{ name: "proxy", ready: isWell, restartCount: 2, image, imageID: "" },
        state: isWell ? running : { waiting },
      },
    ],
  };
  await cluster.client.patch(pods, { namespace, name }, { status }, { subresource: "status" });
}

describe("who sees what", () => {
  test.each([
    [everything, ["billing/ledger", "shop/cart", "shop/stock"], ["ledger-x", "cart-x", "stock-x"]],
    [shopper, ["shop/cart", "shop/stock"], ["cart-x", "stock-x"]],
    [biller, ["billing/ledger"], []],
  ])("$name", async (account, apps, podNames) => {
    const token = tokenOf(account);
    const list = await console.read<AppList>("/api/apps", token);
    expect(list.apps.map(({ id }) => id)).toEqual(apps);
    expect(list.total).toBe(apps.length);
    const map = await console.read<PodMap>("/api/pods", token);
    expect(map.nodes.flatMap((node) => node.pods.map(({ name }) => name))).toEqual(podNames);
    for (const id of ["billing/ledger", "shop/stock"]) {
      const { status } = await console.get(`/api/apps/${encodeURIComponent(id)}`, token);
      expect(status, id).toBe(apps.includes(id) ? 200 : 404);
    }
    const info = await console.read<ConsoleInfo>("/api/info", token);
    expect(info).toMatchObject({ scope: "cluster", title: "test", requestsKept: 0 });
  });

  test("why an app does not run, with what to do; its containers, and which of them is Wasm", async () => {
    const path = "/api/apps/shop%2Fstock";
    const app = await console.read<AppDetail>(path, tokenOf(shopper));
    expect(app).toMatchObject({
      ...{ health: "failing", healthReason: expect.stringContaining("not found <b>1</b>") },
      lastFailure: { code: "ImagePullFailed", remedy: expect.stringContaining("spec.image") },
      workload: { kind: "Deployment", executor: "containerd-shim-spin", wantedPods: 1 },
      conditions: [{ type: "Ready", status: "False", reason: "ImagePullFailed" }],
      components: [{ id: "stock", kind: "wasm" }],
    });
    const map = await console.read<PodMap>("/api/pods", tokenOf(shopper));
    expect(map.nodes).toMatchObject([{ name: "node-a" }]);
    const stock = map.nodes[0]?.pods.find(({ name }) => name === "stock-x");
    expect(stock).toMatchObject({
      ...{ app: "shop/stock", isReady: false, reason: expect.stringContaining("not found") },
      containers: [
        { name: "stock", kind: "wasm", state: "running", isReady: true },
        { name: "proxy", kind: "container", state: "waiting", reason: "ImagePullBackOff" },
      ],
    });
  });

  test("there are no requests in a cluster's console, and it says so", async () => {
    const token = tokenOf(everything);
    expect(await console.read("/api/requests", token)).toEqual({
      requests: [],
      next: "0",
      lost: 0,
    });
    expect((await console.get("/api/requests/1", token)).status).toBe(404);
  });
});

describe("who sees nothing", () => {
  const refusals: [string, () => string | undefined, number, string][] = [
    ["no token", () => undefined, 401, "kubectl create token"],
    ["garbage", () => "garbage", 401, "does not know the token"],
    [
      "a token that has expired",
      () => signedToken(cluster, everything, { expiresInS: -60 }),
      401,
      "expired",
    ],
    ["a token for somebody else", () => newToken(everything, "--audience=vault"), 401, "not know"],
    ["somebody without rights", () => tokenOf(stranger), 403, "people:stranger may list spinapps"],
    [
      "a user of another kind without rights",
      () => cluster.server.weakToken,
      403,
      "nobody may list",
    ],
  ];
  test.each(refusals)("%s", async (_, tokenFor, status, text) => {
    const token = tokenFor();
    for (const path of ["/api/apps", "/api/pods", "/api/info", "/api/events"]) {
      const answer = await console.get(path, token);
      expect(answer.status, path).toBe(status);
      expect(answer.text).toContain(text);
      expect(answer.text).not.toContain("shop");
      if (token !== undefined && token !== "garbage") expect(answer.text).not.toContain(token);
    }
  });

  test("the same token before it expires is let in", async () => {
    const token = signedToken(cluster, everything, { expiresInS: 600 });
    expect((await console.get("/api/apps", token)).status).toBe(200);
  });

  test("refusals are logged with who and from where, never with a token", async () => {
    const log = console.logged.join("\n");
    expect(log).toContain("127.0.0.1");
    expect(log).toContain("refused");
    for (const token of [...Object.values(tokens), cluster.server.weakToken]) {
      expect(log).not.toContain(token);
    }
  });

  test.each<[string, (token: string, weak: string) => readonly string[], RegExp]>([
    [
      "headers that name a user",
      (_, weak) => [
        ...[`authorization: Bearer ${weak}`, "x-remote-user: admin"],
        ...["x-remote-group: system:masters", "impersonate-user: admin"],
      ],
      /^HTTP\/1\.1 403 /,
    ],
    [
      "a second token",
      (token) => ["authorization: Bearer x", `authorization: Bearer ${token}`],
      /^HTTP\/1\.1 40[013] /,
    ],
    ["two tokens in one", (token) => [`authorization: Bearer x ${token}`], /^HTTP\/1\.1 401 /],
    ["a token as a cookie", (token) => [`cookie: token=${token}`], /^HTTP\/1\.1 401 /],
    ["another scheme", (token) => [`authorization: Basic ${token}`], /^HTTP\/1\.1 401 /],
    ["a terminal's script", () => ["authorization: Bearer \u001b[2J"], /^HTTP\/1\.1 40[01] /],
    ["a line of its own", (token) => [`authorization: Bearer x\r${token}`], /^HTTP\/1\.1 400 /],
    [
      "a page of somebody else",
      (token) => [`authorization: Bearer ${token}`, "origin: https://evil.example"],
      /^HTTP\/1\.1 403 /,
    ],
  ])("%s", async (_, headers, answer) => {
    const token = tokenOf(everything);
    const lines = headers(token, tokenOf(stranger));
    const text = await console.raw(["GET /api/apps HTTP/1.1", "host: localhost", ...lines]);
    expect(text).toMatch(answer);
    expect(text).not.toContain("shop/cart");
    expect(console.logged.join("\n")).not.toContain("\u001b");
  });

  test("a name that nobody gave it is not its own; one that was given is", async () => {
    const token = `authorization: Bearer ${tokenOf(everything)}`;
    const ask = (host: string): Promise<string> =>
      console.raw(["GET /api/info HTTP/1.1", `host: ${host}`, token]);
    expect(await ask("evil.example")).toMatch(/^HTTP\/1\.1 403 /);
    expect(await ask("console.example")).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each(["..%2F..%2Fsecrets", "shop", "shop%2Fcart%2Fstatus", "%00", "%ff"])(
    "/api/apps/%s is no app",
    async (id) => {
      expect((await console.get(`/api/apps/${id}`, tokenOf(everything))).status).toBe(404);
    },
  );
});

describe("rights that change", () => {
  test("a right that is taken away ends what lasts, and the next request", async () => {
    letList(cluster, stranger, ["spinapps"], "billing");
    await console.forget();
    const token = tokenOf(stranger);
    expect((await console.get("/api/apps", token)).status).toBe(200);
    const headers = { authorization: `Bearer ${token}` };
    const events = await fetch(`${console.url}/api/events`, { headers });
    expect(events.status).toBe(200);
    cluster.server.kubectl(["delete", "-n", "billing", "rolebinding", "stranger-lists"]);
    await poll("the right is still there", async () => {
      await console.forget();
      return (await console.get("/api/apps", token)).status === 403;
    });
    // The server ends it; otherwise this would go on for ever.
    expect(await events.text()).toContain("event: info");
  });

  test("what changes is told, to those who may see it", async () => {
    const ended = new AbortController();
    const follow = async (account: typeof shopper): Promise<() => string> => {
      const headers = { authorization: `Bearer ${tokenOf(account)}` };
      const { body } = await fetch(`${console.url}/api/events`, { headers, signal: ended.signal });
      let text = "";
      const read = async (): Promise<void> => {
        for await (const chunk of body ?? []) text += new TextDecoder().decode(chunk);
      };
      void read().catch(() => undefined);
      await poll("no event", () => text.includes("event: usage"));
      return () => text;
    };
    const [shop, billing] = [await follow(shopper), await follow(biller)];
    await condition("shop", "cart", { reason: "AppCrashes", status: "False", message: "oh <i>" });
    await condition("billing", "ledger", { reason: "AppCrashes", status: "False", message: "no" });
    await poll("no failure", () => [shop, billing].every((text) => text().includes("AppCrashes")));
    expect(shop()).toContain('"id":"shop/cart","health":"failing"');
    expect(shop()).not.toContain("ledger");
    expect(billing()).not.toContain("cart");
    ended.abort();
  });
});

describe("1,000 apps and more", () => {
  const count = 1_050;

  beforeAll(async () => {
    const spec = {
      image: "registry.example/hello:1",
      executor: "containerd-shim-spin",
      replicas: 1,
    };
    const names = Array.from({ length: count }, (_, at) => `app-${String(at).padStart(4, "0")}`);
    for (let at = 0; at < count; at += 50) {
      const some = names.slice(at, at + 50).map(async (name) => {
        await cluster.client.create(spinApps, { metadata: { name, namespace: "many" }, spec });
      });
      await Promise.all(some);
    }
    await poll("not all apps are seen", async () => {
      const { total } = await console.read<AppList>("/api/apps?limit=1", tokenOf(everything));
      return total === count + 3;
    });
  });

  test("come page by page, no more than 1,000 at once whatever is asked for", async () => {
    const token = tokenOf(everything);
    const first = await console.get("/api/apps?limit=100000", token);
    expect(first.text.length).toBeLessThan(1_500_000);
    const { apps, total } = JSON.parse(first.text) as AppList;
    expect([apps.length, total]).toEqual([1_000, count + 3]);
    const rest = await console.read<AppList>("/api/apps?offset=1000", token);
    const ids = [...apps, ...rest.apps].map(({ id }) => id);
    expect(new Set(ids).size).toBe(count + 3);
    expect(ids).toEqual(ids.toSorted());
  });

  test("are searched and filtered", async () => {
    const token = tokenOf(everything);
    const found = await console.read<AppList>("/api/apps?search=MANY/app-100", token);
    expect(found.apps.map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, (_, at) => `app-100${at}`),
    );
    const failing = await console.read<AppList>("/api/apps?health=failing", token);
    expect(failing.apps.map(({ id }) => id)).toContain("shop/stock");
    expect(failing.total).toBeLessThan(4);
  });

  test("are none for those who may not see them", async () => {
    const { total } = await console.read<AppList>("/api/apps", tokenOf(shopper));
    expect(total).toBe(2);
    expect((await console.get("/api/apps/many%2Fapp-0001", tokenOf(shopper))).status).toBe(404);
  });
});

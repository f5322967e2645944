import { afterAll, beforeAll, expect, test } from "vitest";
import { CuttingProxy } from "../../test/servers/cutting-proxy.ts";
import { KubeApiServer } from "../../test/servers/kube-apiserver.ts";
import { KubeClient } from "./client.ts";
import { KubeConfigTransport } from "./kube-config-transport.ts";
import { LeaderElector, leases } from "./leader-elector.ts";

let server: KubeApiServer;
let transport: KubeConfigTransport;
let client: KubeClient;

beforeAll(async () => {
  server = await KubeApiServer.start();
  transport = new KubeConfigTransport(server.kubeConfig());
  client = new KubeClient({ transport, userAgent: "whorl-test" });
});
afterAll(async () => {
  await transport?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

/** A fifth of the usual times. */
const times = { durationMs: 3000, renewMsMax: 2000, retryMs: 400 };

/** A candidate that says who leads, and when. */
class Candidate {
  readonly identity: string;
  readonly result: Promise<string>;
  readonly #stop = new AbortController();
  readonly #leading: Set<string>;
  readonly overlaps: string[] = [];
  leads = false;

  constructor(
    identity: string,
    lease: string,
    { leading, via = client }: { leading: Set<string>; via?: KubeClient },
  ) {
    this.identity = identity;
    this.#leading = leading;
    const elector = new LeaderElector({
      client: via,
      lease: { namespace: "default", name: lease },
      identity,
      ...times,
    });
    this.result = elector.run({
      signal: this.#stop.signal,
      lead: async (signal) => await this.#lead(signal),
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  async #lead(signal: AbortSignal): Promise<void> {
    this.#leading.add(this.identity);
    if (this.#leading.size > 1) this.overlaps.push([...this.#leading].join());
    this.leads = true;
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve());
    });
    this.leads = false;
    this.#leading.delete(this.identity);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("five fight, one leads; each that stops hands over at once", async () => {
  const leading = new Set<string>();
  const names = ["one", "two", "three", "four", "five"];
  const waiting = new Set(names.map((name) => new Candidate(name, "fight", { leading })));
  const all = [...waiting];
  while (waiting.size > 0) {
    await until(() => leading.size > 0);
    const leader = [...waiting].find(({ leads }) => leads);
    expect(leader).toBeDefined();
    const { spec } = await client.get(leases, { namespace: "default", name: "fight" });
    expect(spec?.holderIdentity).toBe(leader?.identity);
    leader?.stop();
    expect(await leader?.result).toBe("stopped");
    if (leader !== undefined) waiting.delete(leader);
  }
  expect(all.flatMap(({ overlaps }) => overlaps)).toEqual([]);
  const { spec } = await client.get(leases, { namespace: "default", name: "fight" });
  expect(spec).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1 });
  // Release and take-over are one transition each.
  expect(spec?.leaseTransitions).toBe(4);
});

test("a leader that is cut off gives up before another one takes over", async () => {
  await using proxy = await CuttingProxy.start(server.port);
  const config = server.kubeConfig({ url: `https://127.0.0.1:${proxy.port}` });
  await using cutTransport = new KubeConfigTransport(config);
  const via = new KubeClient({ transport: cutTransport, userAgent: "whorl-test" });
  const leading = new Set<string>();
  const first = new Candidate("first", "cut", { leading, via });
  await until(() => first.leads);
  const second = new Candidate("second", "cut", { leading });
  // Connections stay open, nothing comes: the worst kind of loss.
  proxy.hold(true);
  expect(await first.result).toBe("lost");
  await until(() => second.leads);
  expect([...first.overlaps, ...second.overlaps]).toEqual([]);
  second.stop();
  expect(await second.result).toBe("stopped");
});

test("the API server restarts within the deadline: the leader stays", async () => {
  const leading = new Set<string>();
  const elector = new LeaderElector({
    client,
    lease: { namespace: "default", name: "restart" },
    identity: "first",
    durationMs: 30_000,
    renewMsMax: 25_000,
    retryMs: 100,
  });
  const stop = new AbortController();
  const result = elector.run({
    signal: stop.signal,
    lead: async (signal) => {
      leading.add("first");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  await until(() => leading.size === 1);
  await server.kill();
  await server.restart();
  const key = { namespace: "default", name: "restart" };
  const before = (await client.get(leases, key)).spec?.renewTime;
  let after = before;
  while (after === before) after = (await client.get(leases, key)).spec?.renewTime;
  expect(elector.leads).toBe(true);
  stop.abort();
  expect(await result).toBe("stopped");
});

test("somebody deletes or overwrites the Lease: it is made anew, or given up", async () => {
  const leading = new Set<string>();
  const key = { namespace: "default", name: "vandal" };
  const candidate = new Candidate("first", "vandal", { leading });
  await until(() => candidate.leads);
  await client.delete(leases, key);
  let uid: string | undefined;
  while (uid === undefined) {
    uid = (await client.list(leases, { namespace: "default" })).items.find(
      ({ metadata }) => metadata.name === "vandal",
    )?.metadata.uid;
  }
  expect(candidate.leads).toBe(true);
  const stolen = { holderIdentity: "thief", renewTime: "2099-01-01T00:00:00.000000Z" };
  await client.patch(leases, key, { spec: stolen });
  expect(await candidate.result).toBe("lost");
});

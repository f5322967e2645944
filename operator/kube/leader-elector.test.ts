import { expect, test } from "vitest";
import { KubeClient } from "./client.ts";
import { type FakeAnswer, FakeApi, refusal } from "./fake-api.ts";
import { FakeClock } from "./fake-clock.ts";
import { LeaderElector } from "./leader-elector.ts";
import type { FindOwner } from "./lease-owner.ts";
import type { Lease } from "./lease-state.ts";
import type { TransportRequest } from "./transport.ts";

/** One Lease with the API server's rules of versions. */
class LeaseServer {
  lease: Lease | undefined;
  #version = 0;

  handle(request: TransportRequest): FakeAnswer {
    if (request.method === "GET") {
      if (this.lease === undefined) return refusal(404, "NotFound");
      return { status: 200, body: this.lease };
    }
    const written = JSON.parse(request.body ?? "") as Lease;
    if (request.method === "POST" && this.lease !== undefined) return refusal(409, "AlreadyExists");
    if (request.method === "PUT") {
      if (this.lease === undefined) return refusal(404, "NotFound");
      const current = this.lease.metadata.resourceVersion;
      if (written.metadata.resourceVersion !== current) return refusal(409, "Conflict");
    }
    this.#version += 1;
    const resourceVersion = String(this.#version);
    this.lease = { ...written, metadata: { ...written.metadata, uid: "u", resourceVersion } };
    return { status: 200, body: this.lease };
  }
}

/** A candidate behind a network that a test can break. */
class Candidate {
  readonly clock: FakeClock;
  readonly elector: LeaderElector;
  readonly stop = new AbortController();
  result = "runs";
  leads = false;
  network: "up" | "down" | "hangs" | "answers are lost" = "up";

  constructor(
    identity: string,
    server: LeaseServer,
    { clock, owner }: { readonly clock: FakeClock; readonly owner?: FindOwner },
  ) {
    this.clock = clock;
    const transport = new FakeApi(async (request) => await this.#send(request, server));
    this.elector = new LeaderElector({
      client: new KubeClient({ transport, userAgent: "test", clock }),
      lease: { namespace: "n", name: "l" },
      identity,
      owner,
      clock,
      random: () => 0,
    });
    const lead = async (signal: AbortSignal): Promise<void> => await this.#lead(signal);
    void this.elector.run({ signal: this.stop.signal, lead }).then((result) => {
      this.result = result;
    });
  }

  async #send(request: TransportRequest, server: LeaseServer): Promise<FakeAnswer> {
    await Promise.resolve();
    switch (this.network) {
      case "up":
        return server.handle(request);
      case "down":
        throw new Error("ECONNREFUSED");
      case "hangs":
        return await new Promise(() => undefined);
      case "answers are lost":
        server.handle(request);
        throw new Error("ECONNRESET");
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    this.leads = true;
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve());
    });
    this.leads = false;
  }
}

function pair(): { server: LeaseServer; clock: FakeClock; first: Candidate; second: Candidate } {
  const server = new LeaseServer();
  const clock = new FakeClock();
  const first = new Candidate("first", server, { clock });
  const second = new Candidate("second", server, { clock });
  return { server, clock, first, second };
}

test("one leads and renews every two seconds; the other waits", async () => {
  const { server, clock, first, second } = pair();
  await clock.advance(0);
  expect([first.leads, second.leads]).toEqual([true, false]);
  await clock.advance(60_000);
  expect([first.leads, second.leads]).toEqual([true, false]);
  expect(server.lease?.spec).toMatchObject({
    holderIdentity: "first",
    leaseDurationSeconds: 15,
    acquireTime: "2026-01-01T00:00:00.000000Z",
    renewTime: "2026-01-01T00:01:00.000000Z",
    leaseTransitions: 0,
  });
});

test("release: the other leads within its next attempt", async () => {
  const { server, clock, first, second } = pair();
  await clock.advance(5000);
  first.stop.abort();
  await clock.advance(2000);
  expect(first.result).toBe("stopped");
  expect(second.leads).toBe(true);
  expect(server.lease?.spec?.leaseTransitions).toBe(1);
});

test.each(["down", "hangs", "answers are lost"] as const)(
  "network of the leader: %s; it gives up after 10 s, nobody leads before that",
  async (network) => {
    const { clock, first, second } = pair();
    await clock.advance(5000);
    first.network = network;
    const cutMs = clock.now();
    while (first.result === "runs") {
      expect(second.leads).toBe(false);
      await clock.advance(100);
      expect(clock.now() - cutMs).toBeLessThan(12_000);
    }
    expect(first.result).toBe("lost");
    expect(first.leads).toBe(false);
    while (!second.leads) await clock.advance(100);
    // Where writes still arrived unanswered, the other one counts from the last of them.
    expect(clock.now() - cutMs).toBeLessThan(network === "answers are lost" ? 32_000 : 20_000);
  },
);

test("a short loss changes nothing", async () => {
  const { clock, first, second } = pair();
  await clock.advance(5000);
  first.network = "down";
  await clock.advance(6000);
  first.network = "up";
  await clock.advance(20_000);
  expect([first.leads, second.leads]).toEqual([true, false]);
});

test.each(["1990-01-01T00:00:00Z", "2099-01-01T00:00:00Z"])(
  "the wall clock jumps to %s: nobody notices",
  async (date) => {
    const { clock, first, second } = pair();
    await clock.advance(5000);
    clock.jump(new Date(date));
    await clock.advance(30_000);
    expect([first.leads, second.leads]).toEqual([true, false]);
  },
);

test("two machines with different clocks never lead at the same time", async () => {
  const server = new LeaseServer();
  const clocks = [new FakeClock(), new FakeClock(new Date("1999-01-01T00:00:00Z"))];
  const candidates = clocks.map(
    (clock, index) => new Candidate(`first-${index}`, server, { clock }),
  );
  const networks = ["up", "down", "hangs", "up", "answers are lost", "up"] as const;
  const led = new Set<string>();
  // A fixed walk that looks like chance: both networks come and go for an hour. A program that has
  // lost the lease ends, and is started anew.
  for (let second = 0; second < 3600; second += 1) {
    for (const [index, clock] of clocks.entries()) {
      const lost = candidates[index]?.result === "lost";
      if (lost) candidates[index] = new Candidate(`${second}-${index}`, server, { clock });
      const network = networks[Math.floor(second / (13 + 4 * index)) % networks.length];
      if (candidates[index] !== undefined) candidates[index].network = network ?? "up";
      await clock.advance(1000);
    }
    const leading = candidates.filter(({ leads }) => leads);
    expect(leading.length).toBeLessThan(2);
    for (const _ of leading) led.add(server.lease?.spec?.holderIdentity ?? "");
  }
  expect(led.size).toBeGreaterThan(5);
});

test("stopped while waiting: it ends at once and leaves no timer", async () => {
  const { clock, first, second } = pair();
  await clock.advance(1000);
  second.stop.abort();
  await clock.advance(0);
  expect(second.result).toBe("stopped");
  first.stop.abort();
  await clock.advance(0);
  expect(first.result).toBe("stopped");
  expect(clock.timers).toBe(0);
});

test("a candidate cannot lead over a Lease it has not seen for a whole duration", async () => {
  const server = new LeaseServer();
  const clock = new FakeClock();
  const holderIdentity = "dead";
  server.lease = {
    metadata: { namespace: "n", name: "l", uid: "u", resourceVersion: "0" },
    spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: "1990-01-01T00:00:00.000000Z" },
  };
  const candidate = new Candidate("first", server, { clock });
  await clock.advance(14_900);
  expect(candidate.leads).toBe(false);
  await clock.advance(2000);
  expect(candidate.leads).toBe(true);
  expect(candidate.elector.leads).toBe(true);
});

test("the Lease has each leader's owner, and is not taken before it is known", async () => {
  const server = new LeaseServer();
  const clock = new FakeClock();
  const owner = { apiVersion: "apps/v1", kind: "Deployment", name: "o", uid: "1" };
  let tries = 0;
  const late: FindOwner = async () => {
    tries += 1;
    if (tries === 1) throw new Error("ECONNREFUSED");
    return await Promise.resolve(owner);
  };
  const first = new Candidate("first", server, { clock, owner: late });
  await clock.advance(1000);
  expect(server.lease).toBeUndefined();
  await clock.advance(2000);
  expect(first.leads).toBe(true);
  expect(server.lease?.metadata.ownerReferences).toEqual([owner]);
  const next = { ...owner, uid: "2" };
  const second = new Candidate("second", server, { clock, owner: () => Promise.resolve(next) });
  first.stop.abort();
  await clock.advance(5000);
  expect(second.leads).toBe(true);
  expect(server.lease?.metadata.ownerReferences).toEqual([owner, next]);
});

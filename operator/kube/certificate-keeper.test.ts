import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { CertificateKeeper } from "./certificate-keeper.ts";
import { KubeClient } from "./client.ts";
import { FakeApi, type FakeAnswer, refusal } from "./fake-api.ts";
import { FakeClock } from "./fake-clock.ts";
import type { TransportRequest } from "./transport.ts";

interface Stored {
  readonly metadata: { readonly annotations?: object; readonly resourceVersion?: string };
  readonly data: Readonly<Record<string, string>>;
}

/** One Secret behind an API server's rules. */
class SecretApi {
  stored: Stored | undefined;
  /** Answers instead of the store, once each. */
  readonly refusals: FakeAnswer[] = [];
  #version = 0;

  answer({ method, body }: TransportRequest): FakeAnswer {
    const refused = method === "GET" ? undefined : this.refusals.shift();
    if (refused !== undefined) return refused;
    if (method === "GET") {
      return this.stored === undefined
        ? refusal(404, "NotFound")
        : { status: 200, body: this.stored };
    }
    const sent = JSON.parse(String(body)) as Stored;
    const resourceVersion = String((this.#version += 1));
    this.stored = { ...sent, metadata: { ...sent.metadata, resourceVersion } };
    return { status: 200, body: this.stored };
  }
}

function keeperOver(api: SecretApi): {
  readonly keeper: CertificateKeeper;
  readonly trusted: string[];
  readonly clock: FakeClock;
} {
  const clock = new FakeClock();
  const transport = new FakeApi((request) => api.answer(request));
  const trusted: string[] = [];
  const keeper = new CertificateKeeper({
    client: new KubeClient({ transport, userAgent: "test", clock }),
    secret: { namespace: "system", name: "certificate" },
    names: ["hook.system.svc"],
    mark: ["made-by", "us"],
    trust: async (pem) => {
      trusted.push(pem);
      await Promise.resolve();
    },
    clock,
  });
  return { keeper, trusted, clock };
}

const { signal } = new AbortController();

test("a certificate is made once and kept", async () => {
  const { keeper, trusted } = keeperOver(new SecretApi());
  const first = await keeper.current(signal);
  expect(new X509Certificate(first.cert).checkHost("hook.system.svc")).toBe("hook.system.svc");
  expect(await keeper.current(signal)).toEqual(first);
  expect(trusted).toEqual([first.cert, first.cert]);
});

test("an old one is replaced, and trusted beside the new one", async () => {
  const { keeper, clock } = keeperOver(new SecretApi());
  const first = await keeper.current(signal);
  await clock.advance(limits.certificateRenewMs - limits.certificateSkewMs - 60_000);
  expect((await keeper.current(signal)).cert).toBe(first.cert);
  await clock.advance(120_000);
  const second = await keeper.current(signal);
  expect(second.cert).not.toBe(first.cert);
  expect(second.trusted).toBe(second.cert + first.cert);
});

test("one that has run out is not trusted any more", async () => {
  const { keeper, clock } = keeperOver(new SecretApi());
  const first = await keeper.current(signal);
  await clock.advance(limits.certificateMs + 60_000);
  const second = await keeper.current(signal);
  expect(second.trusted).toBe(second.cert);
  expect(second.cert).not.toBe(first.cert);
});

test.each([refusal(409, "AlreadyExists"), refusal(409, "Conflict")])(
  "another replica was faster: $body.reason",
  async (refused) => {
    const api = new SecretApi();
    const { keeper } = keeperOver(api);
    api.refusals.push(refused);
    const kept = await keeper.current(signal);
    expect(Buffer.from(api.stored?.data["tls.crt"] ?? "", "base64").toString()).toBe(kept.cert);
  },
);

test("a Secret of somebody else is used and never written", async () => {
  const api = new SecretApi();
  const [crt, key, ca] = ["their certificate", "their key", "their authority"];
  const data = { "tls.crt": btoa(crt), "tls.key": btoa(key), "ca.crt": btoa(ca) };
  api.stored = { metadata: { annotations: {} }, data };
  const { keeper } = keeperOver(api);
  expect(await keeper.current(signal)).toEqual({ cert: crt, key, trusted: ca });
  expect(api.stored.data).toBe(data);
});

test.each([{}, { "tls.crt": btoa("x") }])(
  "a Secret of somebody else with %j only",
  async (data) => {
    const api = new SecretApi();
    api.stored = { metadata: {}, data };
    await expect(keeperOver(api).keeper.current(signal)).rejects.toThrow(
      "Secret system/certificate has no tls.crt and tls.key: delete it",
    );
  },
);

test("ours with nonsense in it is made anew", async () => {
  const api = new SecretApi();
  const metadata = { annotations: { "made-by": "us" }, resourceVersion: "7" };
  api.stored = { metadata, data: { "tls.crt": btoa("nonsense") } };
  const kept = await keeperOver(api).keeper.current(signal);
  expect(new X509Certificate(kept.cert).ca).toBe(false);
});

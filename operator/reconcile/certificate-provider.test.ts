import { expect, test } from "vitest";
import { caSecret } from "../desired/children.ts";
import { KubeClient } from "../kube/client.ts";
import { FakeApi } from "../kube/fake-api.ts";
import type { FakeAnswer } from "../kube/fake-api.ts";
import type { ChangeHandler } from "../kube/object-cache.ts";
import { ObjectStore } from "../kube/object-store.ts";
import { CertificateProvider } from "./certificate-provider.ts";
import type { DataObject } from "./resources.ts";

const secret = caSecret("shop", "spin-ca", "certificates");
const { signal } = new AbortController();

/** A provider whose writes are answered by hand, and who is told of deletions by hand. */
function provided(): {
  provider: CertificateProvider;
  api: FakeApi;
  answer: () => void;
  deleted: () => void;
} {
  const waiting: ((answer: FakeAnswer) => void)[] = [];
  const api = new FakeApi(() => new Promise((resolve) => waiting.push(resolve)));
  const store = new ObjectStore<DataObject>();
  let handler: ChangeHandler<DataObject> = {};
  const addHandler = (added: ChangeHandler<DataObject>): Disposable => {
    handler = added;
    return { [Symbol.dispose]: () => undefined };
  };
  const client = new KubeClient({ transport: api, userAgent: "test" });
  const secrets = { store, addHandler };
  const provider = new CertificateProvider({ client, secrets, certificates: "certificates" });
  provider.follow();
  return {
    ...{ provider, api },
    answer: () => waiting.shift()?.({ status: 201, body: secret }),
    deleted: () => handler.deleted?.(secret),
  };
}

test("apps of a namespace that ask at once share one request", async () => {
  const { provider, api, answer } = provided();
  const both = [provider.ensure(secret, signal), provider.ensure(secret, signal)];
  await expect.poll(() => api.requests.length).toBe(1);
  answer();
  await Promise.all(both);
  await provider.ensure(secret, signal);
  expect(api.requests).toHaveLength(1);
});

test.each(["before", "after"])(
  "deleted %s the answer to its creation, it is made again",
  async (when) => {
    const { provider, api, answer, deleted } = provided();
    const first = provider.ensure(secret, signal);
    await expect.poll(() => api.requests.length).toBe(1);
    if (when === "before") deleted();
    else answer();
    if (when === "after") await first;
    if (when === "after") deleted();
    const second = provider.ensure(secret, signal);
    await expect.poll(() => api.requests.length).toBe(2);
    answer();
    answer();
    await Promise.all([first, second]);
    await provider.ensure(secret, signal);
    expect(api.requests).toHaveLength(2);
  },
);

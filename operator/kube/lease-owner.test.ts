import { expect, test } from "vitest";
import { KubeClient } from "./client.ts";
import { type FakeAnswer, FakeApi, refusal } from "./fake-api.ts";
import { deploymentOwner } from "./lease-owner.ts";
import { silentLog } from "./log.ts";

const key = { namespace: "whorl", name: "operator" };
const { signal } = new AbortController();
const there: FakeAnswer = { status: 200, body: { metadata: { ...key, uid: "d1" } } };
const owner = { apiVersion: "apps/v1", kind: "Deployment", name: "operator", uid: "d1" };

test.each([
  { name: "there", answer: there, found: owner, warnings: 0 },
  { name: "not there", answer: refusal(404, "NotFound"), found: undefined, warnings: 1 },
  { name: "not to be read", answer: refusal(403, "Forbidden"), found: undefined, warnings: 1 },
])("a Deployment that is $name is asked for once", async ({ answer, found, warnings }) => {
  const api = new FakeApi(() => answer);
  const said: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => void said.push(fields) };
  const client = new KubeClient({ transport: api, userAgent: "test" });
  const find = deploymentOwner(client, key, log);
  expect([await find(signal), await find(signal)]).toEqual([found, found]);
  expect(api.requests.map(({ path }) => path)).toEqual([
    "/apis/apps/v1/namespaces/whorl/deployments/operator",
  ]);
  expect(said).toHaveLength(warnings);
});

test("an API server that does not answer is asked again", async () => {
  let isUp = false;
  const transport = new FakeApi(() => (isUp ? there : refusal(422, "Invalid")));
  const client = new KubeClient({ transport, userAgent: "test" });
  const find = deploymentOwner(client, key, silentLog);
  await expect(find(signal)).rejects.toMatchObject({ reason: "Invalid" });
  isUp = true;
  expect(await find(signal)).toEqual(owner);
});

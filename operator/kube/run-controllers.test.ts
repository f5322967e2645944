import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { Caches } from "./caches.ts";
import { KubeClient } from "./client.ts";
import { FakeApi, refusal } from "./fake-api.ts";
import { FakeClock } from "./fake-clock.ts";
import { resourceType } from "./resource.ts";
import { runControllers } from "./run-controllers.ts";

const things = resourceType({ apiVersion: "example.com/v1", kind: "Thing", plural: "things" });

test("what cannot be read in time ends the run, with its name", async () => {
  const clock = new FakeClock();
  const transport = new FakeApi(() => refusal(404, "NotFound"));
  const client = new KubeClient({ transport, userAgent: "test", clock });
  const caches = new Caches({ client, clock });
  caches.of(things);
  const { signal } = new AbortController();
  const ended = runControllers({ caches, controllers: [], signal, clock });
  const refused = ended.catch((error: unknown) => String(error));
  // In steps, so that answers arrive between them.
  for (let ms = 0; ms <= limits.cacheSyncMsMax; ms += 1_000) await clock.advance(1_000);
  expect(await refused).toMatch(/not everything could be read in 120 s: things/u);
});

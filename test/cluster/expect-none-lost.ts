import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { TestNamespace } from "./cluster-client.ts";
import { Load } from "./load.ts";
import type { LoadResult } from "./load-main.ts";

export interface Changes {
  /** What is changed; told how often it was before. Has to wait until it is done. */
  readonly change: (count: number) => void;
  /** Changes go on for this long; there is one where not given. */
  readonly forMs?: number;
}

/** As many connections as fit into the tables of a node's network for a minute. */
const lastingPauseMs = 10;

/** Makes changes while requests go to an app, and for a while after them: each is answered. */
export async function expectNoneLost(
  place: TestNamespace,
  app: string,
  { change, forMs = 0 }: Changes,
): Promise<void> {
  const url = `http://${place.service(app)}/`;
  await place.fetch(url);
  const load = new Load(url, forMs === 0 ? 0 : lastingPauseMs);
  let result: LoadResult;
  try {
    const end = performance.now() + forMs;
    for (let count = 0; count === 0 || performance.now() < end; count += 1) {
      await delay(500);
      change(count);
    }
    await delay(2_000);
  } finally {
    result = await load.stop();
  }
  expect(result.failures).toEqual([]);
  expect(result.answered).toBeGreaterThan(100);
}

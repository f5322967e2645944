import { expect, test } from "vitest";
import { RuntimeMetrics } from "../metrics/runtime-metrics.ts";
import { type UsageChange, UsageSampler } from "./usage-sampler.ts";

test("waits for those who have to be asked, and looks once at a time", async () => {
  const metrics = new RuntimeMetrics();
  const asked: PromiseWithResolvers<void>[] = [];
  const changes: UsageChange[] = [];
  using sampler = new UsageSampler({
    metrics,
    collect: () => {
      const question = Promise.withResolvers<void>();
      asked.push(question);
      return question.promise;
    },
  });
  sampler.listen((change) => void changes.push(change));
  expect(sampler.history("shop")).toEqual([]);
  sampler.look();
  expect(asked).toHaveLength(1);
  metrics.memory.with("shop", "cart").set(65_536);
  asked[0]?.resolve();
  await expect.poll(() => sampler.apps.get("shop")?.row.memoryBytes).toBe(65_536);
  metrics.memory.with("shop", "cart").set(1);
  sampler.look();
  expect(asked).toHaveLength(2);
  expect(sampler.apps.get("shop")?.row.memoryBytes).toBe(65_536);
  asked[1]?.resolve();
  await expect.poll(() => sampler.apps.get("shop")?.row.memoryBytes).toBe(1);
  expect(changes.map(({ changed }) => [...changed.keys()])).toEqual([["shop"], ["shop"]]);
});

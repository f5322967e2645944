import { expect, test } from "vitest";
import { BatchQueue } from "./batch-queue.ts";

test.each<[string, readonly number[], readonly number[]]>([
  ["single items", [1, 1, 1, 1, 1, 1], [5, 1]],
  ["no batch beyond the bound", [3, 3, 2, 3], [3, 5, 3]],
  ["one that is heavier by itself goes alone", [1, 9, 1], [1, 9, 1]],
  ["what there is no room for is dropped whole", [4, 4, 4, 4, 4, 4], [4, 4, 4, 4]],
])("%s", async (_, weights, batches) => {
  const sent: number[] = [];
  let dropped = 0;
  const queue = new BatchQueue<number>({
    ...{ itemsMax: 16, batchMax: 5, delayMs: 60_000 },
    send: (batch, weight) => {
      expect(batch.reduce((sum, each) => sum + each, 0)).toBe(weight);
      sent.push(weight);
      return Promise.resolve({ taken: weight, lost: 0, reason: "", busyMs: 0 });
    },
    onTaken: () => undefined,
    onDropped: (items) => void (dropped += items),
  });
  for (const weight of weights) queue.push(weight, weight);
  await queue.close(new AbortController().signal);
  expect(sent).toEqual(batches);
  const all = weights.reduce((sum, each) => sum + each, 0);
  expect(dropped).toBe(all - sent.reduce((sum, each) => sum + each, 0));
});

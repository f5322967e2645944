import { expect, test } from "vitest";
import { ResidentApps } from "./resident-apps.ts";

const first = { index: 0 };
const second = { index: 1 };

function filled(bytesMax: number, ...apps: readonly string[]): ResidentApps<typeof first> {
  const residents = new ResidentApps<typeof first>(bytesMax);
  for (const app of apps) residents.add({ worker: first, app, bytes: 10 });
  return residents;
}

const nobodyNeeds = (): boolean => false;

test("nothing goes while there is room", () => {
  expect(filled(30, "a", "b", "c").evict(nobodyNeeds)).toEqual([]);
});

test("the least recently used go first, and no more than has to", () => {
  const residents = filled(20, "a", "b", "c", "d");
  residents.touch(first, "a");
  expect(residents.evict(nobodyNeeds).map(({ app }) => app)).toEqual(["b", "c"]);
});

test("what has to go counts until it has gone, and is chosen once", () => {
  const residents = filled(20, "a", "b", "c", "d");
  expect(residents.evict(nobodyNeeds).map(({ app }) => app)).toEqual(["a", "b"]);
  expect([residents.size, residents.bytes]).toEqual([4, 40]);
  expect(residents.evict(nobodyNeeds)).toEqual([]);
  residents.remove(first, "a");
  expect([residents.size, residents.bytes]).toEqual([3, 30]);
  // Its worker needs the other one: something else has to go, in its turn.
  residents.keep(first, "b");
  expect(residents.bytes).toBe(30);
  expect(residents.evict(nobodyNeeds).map(({ app }) => app)).toEqual(["c"]);
  residents.remove(first, "c");
  expect([residents.size, residents.bytes]).toEqual([2, 20]);
  expect(residents.evict(nobodyNeeds)).toEqual([]);
});

test("what is loaded anew while it had to go stays", () => {
  const residents = filled(10, "a", "b");
  expect(residents.evict(nobodyNeeds).map(({ app }) => app)).toEqual(["a"]);
  residents.add({ worker: first, app: "a", bytes: 10 });
  expect(residents.evict(nobodyNeeds).map(({ app }) => app)).toEqual(["b"]);
});

test("what is needed stays, whatever it takes", () => {
  const residents = filled(0, "a", "b");
  expect(residents.evict(({ app }) => app === "a").map(({ app }) => app)).toEqual(["b"]);
  residents.remove(first, "b");
  expect(residents.bytes).toBe(10);
});

test("an app counts once for each worker that has it", () => {
  const residents = filled(100, "a");
  residents.add({ worker: second, app: "a", bytes: 7 });
  residents.add({ worker: first, app: "a", bytes: 12 });
  expect(residents.bytes).toBe(19);
  residents.remove(first, "a");
  residents.remove(first, "a");
  expect(residents.bytes).toBe(7);
});

test("with a worker goes what it had", () => {
  const residents = filled(100, "a", "b");
  residents.add({ worker: second, app: "b", bytes: 7 });
  residents.removeWorker(first);
  expect([residents.size, residents.bytes]).toEqual([1, 7]);
});

test("using what is not there changes nothing", () => {
  const residents = filled(100);
  residents.touch(first, "a");
  expect(residents.size).toBe(0);
});

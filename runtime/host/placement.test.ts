import { expect, test } from "vitest";
import { placeConnection } from "./placement.ts";
import type { PlaceableWorker, PlacementRules } from "./placement.ts";

interface Described {
  readonly name: string;
  readonly connections?: Readonly<Record<string, number>>;
  readonly loaded?: readonly string[];
  readonly silent?: true;
}

class DescribedWorker implements PlaceableWorker {
  readonly name: string;
  readonly connections: ReadonlyMap<string, number>;
  readonly #loaded: readonly string[];
  readonly #isSilent: boolean;

  constructor({ name, connections = {}, loaded = [], silent }: Described) {
    this.name = name;
    this.connections = new Map(Object.entries(connections));
    this.#loaded = loaded;
    this.#isSilent = silent === true;
  }

  get connectionCount(): number {
    return this.connections.values().reduce((sum, count) => sum + count, 0);
  }

  hasLoaded(app: string): boolean {
    return this.#loaded.includes(app);
  }

  isSilent(): boolean {
    return this.#isSilent;
  }
}

const rules: PlacementRules = { workersPerAppMax: 2, spreadAt: 4, canGrow: false };
const growing: PlacementRules = { ...rules, canGrow: true };

test.each<{
  readonly what: string;
  readonly workers: readonly Described[];
  readonly rules: PlacementRules;
  readonly chosen: string | undefined;
}>([
  {
    what: "an idle worker that has the app before one that has not",
    workers: [{ name: "a" }, { name: "b", loaded: ["shop"] }],
    rules,
    chosen: "b",
  },
  {
    what: "the worker that already answers the app, as long as it has few connections",
    workers: [
      { name: "a", loaded: ["shop"] },
      { name: "b", connections: { shop: 3 } },
    ],
    rules,
    chosen: "b",
  },
  {
    what: "another worker once the first one has many connections of the app",
    workers: [{ name: "a" }, { name: "b", connections: { shop: 4 } }],
    rules,
    chosen: "a",
  },
  {
    what: "no more workers than one app may have",
    workers: [
      { name: "a", connections: { shop: 9 } },
      { name: "b", connections: { shop: 7 } },
      { name: "c" },
    ],
    rules,
    chosen: "b",
  },
  {
    what: "no worker of another app while one is idle",
    workers: [{ name: "a", connections: { flood: 9 } }, { name: "b" }],
    rules,
    chosen: "b",
  },
  {
    what: "a new worker rather than one of another app",
    workers: [{ name: "a", connections: { flood: 9 } }],
    rules: growing,
    chosen: undefined,
  },
  {
    what: "the least busy of the others where no worker can be added",
    workers: [
      { name: "a", connections: { flood: 9 } },
      { name: "b", connections: { other: 2 } },
    ],
    rules,
    chosen: "b",
  },
  {
    what: "no silent worker while there is another, whatever the other has to do",
    workers: [
      { name: "a", silent: true, loaded: ["shop"] },
      { name: "b", connections: { other: 50 } },
    ],
    rules,
    chosen: "b",
  },
  {
    what: "another worker where the own one is silent",
    workers: [{ name: "a", connections: { shop: 1 }, silent: true }, { name: "b" }],
    rules,
    chosen: "b",
  },
])("chooses $what", ({ workers, rules: applied, chosen }) => {
  const described = workers.map((worker) => new DescribedWorker(worker));
  expect(placeConnection("shop", described, applied)?.name).toBe(chosen);
});

test("there is nobody to choose where there is no worker", () => {
  expect(placeConnection("shop", [], rules)).toBeUndefined();
});

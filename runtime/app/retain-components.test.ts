import { describe, expect, test } from "vitest";
import type { App, AppComponent, HttpTrigger } from "./app.ts";
import { retainComponents } from "./retain-components.ts";

function component(id: string, ...allowedOutboundHosts: string[]): AppComponent {
  return {
    id,
    sourcePath: `/${id}.wasm`,
    sourceOrigin: id,
    environment: [],
    files: [],
    allowedOutboundHosts,
    variables: new Map(),
    keyValueStores: [],
    sqliteDatabases: [],
    aiModels: [],
  };
}

function http(id: string): HttpTrigger {
  return { id: `${id}-http`, route: `/${id}`, target: { kind: "component", component: id } };
}

function appOf(...components: AppComponent[]): App {
  const target = { kind: "static", status: 200, headers: [], body: new Uint8Array() } as const;
  return {
    name: "app",
    version: undefined,
    description: undefined,
    ociImageDigest: undefined,
    directory: "/",
    variables: new Map(),
    components: new Map(components.map((each) => [each.id, each])),
    httpTriggers: [...components.map(({ id }) => http(id)), { id: "s", route: "/s", target }],
    eventTriggers: components.map(({ id }) => ({
      kind: "command",
      id: `${id}-run`,
      component: id,
    })),
    warnings: [],
  };
}

const app = appOf(
  component("caller", "https://example.com", "http://called.spin.internal"),
  component("called"),
  component("alone", "http://self", "http://elsewhere.spin.internal"),
);

describe("retainComponents", () => {
  test("keeps everything when nothing is asked for", () => {
    expect(retainComponents(app, [])).toBe(app);
  });

  test.each([[["alone"]], [["called", "alone"]], [["caller", "called"]]])("keeps %j", (ids) => {
    const kept = retainComponents(app, ids);
    expect([...kept.components.keys()].toSorted()).toEqual(ids.toSorted());
    expect(kept.httpTriggers.map(({ id }) => id).toSorted()).toEqual(
      ids.map((id) => `${id}-http`).toSorted(),
    );
    expect(kept.eventTriggers.map(({ component: id }) => id).toSorted()).toEqual(ids.toSorted());
  });

  test.each([
    [["nobody"], 'the app has no component "nobody" to keep; it has caller, called, alone'],
    [["caller"], 'component "caller" is kept and may call "called" (http://called.spin.internal)'],
    [["caller", "alone"], 'may call "called"'],
  ])("refuses %j", (ids, message) => {
    expect(() => retainComponents(app, ids)).toThrow(message);
  });
});

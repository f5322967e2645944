import { describe, expect, test } from "vitest";
import type { App, EventTrigger } from "./app.ts";
import { resolveApp } from "./resolve-app.ts";
import { VariableResolver } from "./variable-resolver.ts";

const declared = new Map([
  ["host", { default: "example.com" }],
  ["off", { default: "" }],
  ["needed", { default: undefined }],
]);
const resolver = new VariableResolver(declared, [], () => undefined);

function appOf(hosts: readonly string[], ...eventTriggers: EventTrigger[]): App {
  const component = {
    id: "a",
    sourcePath: "/a.wasm",
    sourceOrigin: "a",
    environment: [],
    files: [],
    allowedOutboundHosts: hosts,
    variables: new Map([["kept", "{{ needed }}"]]),
    keyValueStores: [],
    sqliteDatabases: [],
    aiModels: [],
  };
  return {
    name: "app",
    version: undefined,
    description: undefined,
    ociImageDigest: undefined,
    directory: "/",
    variables: new Map(),
    components: new Map([["a", component]]),
    httpTriggers: [],
    eventTriggers,
    warnings: [],
  };
}

describe("resolveApp", () => {
  test("gives hosts the values of variables, and leaves out what an empty one switches off", async () => {
    const hosts = ["http://x", "https://{{ host }}:1", "{{ off }}", "http://{{off}}", "https://"];
    const app = await resolveApp(appOf(hosts), resolver);
    expect(app.components.get("a")?.allowedOutboundHosts).toEqual([
      "http://x",
      "https://example.com:1",
      "https://",
    ]);
  });

  test("gives triggers the values of variables", async () => {
    const trigger: EventTrigger = {
      kind: "redis",
      id: "r",
      component: "a",
      address: "redis://{{ host }}",
      channel: "{{host}}",
    };
    const app = await resolveApp(appOf([], trigger), resolver);
    expect(app.eventTriggers).toEqual([
      { ...trigger, address: "redis://example.com", channel: "example.com" },
    ]);
  });

  test("leaves what components read as variables", async () => {
    const app = await resolveApp(appOf([]), resolver);
    expect(app.components.get("a")?.variables.get("kept")).toBe("{{ needed }}");
  });

  test.each([
    ["{{ needed }}", /allowed_outbound_hosts of component "a": no provider resolved .*"needed"/],
    ["{{ hist }}", /unknown variable "hist"; did you mean "host"\?/],
  ])("refuses %s", async (host, message) => {
    await expect(resolveApp(appOf([host]), resolver)).rejects.toThrow(message);
  });
});

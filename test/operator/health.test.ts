import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { runLua } from "../servers/lua.ts";
import { argoRule, argoSettings, argoSettingsFile, fluxExpressions } from "./health-files.ts";
import { TestCluster, poll, spinApp } from "./test-cluster.ts";

const condition = (type: string, status: string): object => ({
  type,
  status,
  reason: `${type}Reason`,
  message: "told",
  lastTransitionTime: "2026-01-01T00:00:00Z",
});

interface Case {
  readonly name: string;
  readonly status: object;
  readonly argo: "Healthy" | "Progressing" | "Degraded";
  /** In kstatus's words, which are Flux's. */
  readonly kstatus: "current" | "inProgress" | "failed";
}

const observedGeneration = 1;
const cases: readonly Case[] = [
  { name: "nobody has looked", status: {}, argo: "Progressing", kstatus: "inProgress" },
  {
    name: "ready",
    status: { observedGeneration, conditions: [condition("Ready", "True")] },
    argo: "Healthy",
    kstatus: "current",
  },
  {
    name: "starting",
    status: {
      observedGeneration,
      conditions: [condition("Ready", "False"), condition("Reconciling", "True")],
    },
    argo: "Progressing",
    kstatus: "inProgress",
  },
  {
    name: "stalled",
    status: {
      observedGeneration,
      conditions: [condition("Ready", "False"), condition("Stalled", "True")],
    },
    argo: "Degraded",
    kstatus: "failed",
  },
  {
    name: "ready, but that was an earlier version",
    status: { observedGeneration: 0, conditions: [condition("Ready", "True")] },
    argo: "Progressing",
    kstatus: "inProgress",
  },
  {
    name: "conditions of others only",
    status: { observedGeneration, conditions: [condition("Theirs", "True")] },
    argo: "Progressing",
    kstatus: "inProgress",
  },
];

describe("Argo CD's rule, by a real Lua", () => {
  test.each(cases)("$name: $argo", ({ status, argo }) => {
    const object = { metadata: { generation: 1 }, status };
    expect(argoHealth("SpinApp", object).status).toBe(argo);
  });

  test("an object without status is progressing, and a reason is told", () => {
    expect(argoHealth("SpinApp", { metadata: { generation: 1 } }).status).toBe("Progressing");
    const status = { observedGeneration, conditions: [condition("Stalled", "True")] };
    const { message } = argoHealth("SpinApp", { metadata: { generation: 1 }, status });
    expect(message).toBe("StalledReason: told");
  });

  test.each([
    { metadata: {}, status: "Healthy" },
    { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" }, status: "Progressing" },
  ])("an executor with $metadata: $status", ({ metadata, status }) => {
    expect(argoHealth("SpinAppExecutor", { metadata }).status).toBe(status);
  });

  test("the settings hold the rules", () => {
    expect(readFileSync(argoSettingsFile, "utf8")).toBe(argoSettings());
  });
});

function argoHealth(
  kind: "SpinApp" | "SpinAppExecutor",
  object: object,
): { readonly status: string; readonly message: string } {
  const script = `local obj = ${luaValue(object)}
local health = (function() ${argoRule(kind)} end)()
print(health.status) print(health.message)`;
  const [status = "", message = ""] = runLua(script).split("\n");
  return { status, message };
}

function luaValue(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(luaValue).join(", ")}}`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, item]) => `[${JSON.stringify(name)}] = ${luaValue(item)}`,
  );
  return `{${fields.join(", ")}}`;
}

describe("Flux's expressions, by the CEL of a real API server", () => {
  let cluster: TestCluster;
  let namespace: string;

  beforeAll(async () => {
    cluster = await TestCluster.start();
    namespace = cluster.namespace();
    // One app for each expression: only its policy looks at it.
    const { current, inProgress, failed } = fluxExpressions();
    for (const [name, expression] of Object.entries({ current, failed, running: inProgress })) {
      cluster.server.kubectl(["-n", namespace, "apply", "-f", "-"], spinApp(name));
      cluster.server.kubectl(["apply", "-f", "-"], policy(name, expression));
    }
    // The API server takes up each policy on its own.
    for (const name of ["ready", "starting", "stalled"]) {
      const status = cases.find((each) => each.name === name)?.status ?? {};
      await poll(`no policy is in force for ${name}`, () => verdict(status).length > 0);
    }
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  /** Which expressions hold for an app with this status: one of the policies refuses it then. */
  function verdict(status: object): readonly string[] {
    const found: string[] = [];
    for (const name of ["current", "failed", "running"]) {
      const patch = JSON.stringify({ status: { readyReplicas: 0, ...status } });
      const app = `spinapp/${name}`;
      const args = ["-n", namespace, "patch", app, "--subresource=status", "--type=merge"];
      try {
        cluster.server.kubectl([...args, "--dry-run=server", "-p", patch]);
      } catch (error) {
        if (!String(error).includes("holds")) throw error;
        found.push(name === "running" ? "inProgress" : name);
      }
    }
    return found;
  }

  // Flux treats an object without any condition as one in progress before it asks.
  test.each(cases.slice(1))("$name: $kstatus", ({ status, kstatus }) => {
    expect(verdict(status)).toEqual([kstatus]);
  });
});

/** A policy that refuses writes of statuses for which the expression holds. */
function policy(name: string, expression: string): string {
  const scoped = expression.replaceAll(/\b(status|metadata)\./gu, (found, _, at: number) =>
    /[\w.]/u.test(expression[at - 1] ?? " ") ? found : `object.${found}`,
  );
  const kind = "ValidatingAdmissionPolicy";
  const apiVersion = "admissionregistration.k8s.io/v1";
  const rule = {
    apiGroups: ["core.spinkube.dev"],
    apiVersions: ["v1alpha1"],
    operations: ["UPDATE"],
    resources: ["spinapps/status"],
  };
  const spec = {
    matchConstraints: { resourceRules: [rule] },
    matchConditions: [{ name: "asked", expression: `object.metadata.name == '${name}'` }],
    validations: [{ expression: `!(${scoped})`, message: `${name} holds` }],
  };
  const binding = { policyName: name, validationActions: ["Deny"] };
  return [
    stringify({ apiVersion, kind, metadata: { name }, spec }),
    stringify({ apiVersion, kind: `${kind}Binding`, metadata: { name }, spec: binding }),
  ].join("---\n");
}

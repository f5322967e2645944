import { expect, test } from "vitest";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import type { AdmissionRequest } from "../kube/admission-server.ts";
import { webhookHandlers } from "./webhook-handlers.ts";
import { webhookPaths } from "./webhook-paths.ts";

const { signal } = new AbortController();

/** Handlers whose caches are empty while the API server knows one executor in `shop`. */
function handlers(fetched: string[] = []): ReturnType<typeof webhookHandlers> {
  return webhookHandlers(
    {
      choice: () => ({ own: [], shared: [] }),
      fetch: async (namespace, name) => {
        fetched.push(`${namespace}/${name}`);
        const spec = { createDeployment: false };
        const found: SpinAppExecutor = { metadata: { name, namespace }, spec };
        return await Promise.resolve(name === "late" ? found : undefined);
      },
    },
    (namespace) => namespace === "shop",
  );
}

function request(spec: object, namespace = "shop"): AdmissionRequest {
  const object = { metadata: { name: "a" }, spec: { image: "i", ...spec } };
  return { uid: "1", operation: "CREATE", namespace, object };
}

test.each([
  { spec: { executor: "late" }, kind: "allowed", asked: ["shop/late"] },
  { spec: { executor: "late", podAnnotations: { a: "b" } }, kind: "denied", asked: ["shop/late"] },
  { spec: { executor: "never" }, kind: "denied", asked: ["shop/never"] },
  { spec: { executor: "" }, kind: "denied", asked: [] },
  { spec: { executor: "containerd-shim-spin" }, kind: "allowed", asked: [] },
  { spec: { executor: "containerd-shim-spin", replicas: -1 }, kind: "denied", asked: [] },
])("$spec: $kind, the API server is asked for $asked", async ({ spec, kind, asked }) => {
  const fetched: string[] = [];
  const answer = await handlers(fetched)[webhookPaths.validateApp]?.(request(spec), signal);
  expect(answer).toMatchObject({ kind });
  expect(fetched).toEqual(asked);
});

test.each(Object.values(webhookPaths))("%s lets other namespaces pass", async (path) => {
  const answer = await handlers()[path]?.(request({ executor: "" }, "elsewhere"), signal);
  expect(answer).toEqual({ kind: "allowed" });
});

import { expect, test } from "vitest";
import type { SpinApp } from "../api/spin-app.ts";
import type { SpinAppExecutor } from "../api/spin-app-executor.ts";
import { Caches } from "../kube/caches.ts";
import { KubeClient } from "../kube/client.ts";
import { servedOnce } from "../kube/fake-api.ts";
import type { KubeObject } from "../kube/object.ts";
import {
  appsOfChild,
  appsOfExecutor,
  appsOfReference,
  appsUsing,
  executorsOfApp,
  executorsOfExecutor,
} from "./triggers.ts";
import { watchAll } from "./watched.ts";
import type { Watched } from "./watched.ts";

function app(name: string, spec: Partial<SpinApp["spec"]>, namespace = "shop"): SpinApp {
  return {
    metadata: { name, namespace, uid: `${namespace}-${name}`, resourceVersion: "1" },
    spec: { image: "i", executor: "e", ...spec },
  };
}

const secretOption = {
  keyValueStores: [
    {
      name: "k",
      type: "redis",
      options: [{ name: "url", valueFrom: { secretKeyRef: { name: "backend", key: "u" } } }],
    },
  ],
};
const executors: readonly SpinAppExecutor[] = [
  {
    metadata: { name: "trusting", namespace: "shop", uid: "x1", resourceVersion: "1" },
    spec: {
      createDeployment: true,
      deploymentConfig: { runtimeClassName: "r", caCertSecret: "ca" },
    },
  },
];
const apps: readonly SpinApp[] = [
  app("configured", { runtimeConfig: secretOption }),
  app("loaded", { runtimeConfig: { loadFromSecret: "backend" } }),
  app("trusting", { executor: "trusting" }),
  app("default", { executor: "" }),
  app("variable", {
    variables: [{ name: "v", valueFrom: { configMapKeyRef: { name: "backend", key: "v" } } }],
  }),
  app("elsewhere", { runtimeConfig: secretOption }, "other"),
  app("defaultless", { executor: "" }, "other"),
  app("built-in", { executor: "containerd-shim-spin" }, "other"),
];

async function withCaches(
  use: (watched: Watched) => void,
  spinappexecutors = executors,
): Promise<void> {
  const stop = new AbortController();
  const transport = servedOnce({ spinapps: apps, spinappexecutors });
  const caches = new Caches({ client: new KubeClient({ transport, userAgent: "test" }) });
  const watched = watchAll(caches, { namespace: undefined, operatorNamespace: "operator" });
  const running = caches.run(stop.signal);
  try {
    await watched.apps.synced(stop.signal);
    await watched.executors.synced(stop.signal);
    use(watched);
  } finally {
    stop.abort();
    await running;
  }
}

function names(keys: readonly { readonly name: string }[]): readonly string[] {
  return keys.map(({ name }) => name).toSorted();
}

function object(name: string, more: object = {}, namespace = "shop"): KubeObject {
  return { metadata: { name, namespace, ...more } };
}

test("a change concerns the apps that depend on it, of its namespace only", async () => {
  await withCaches((watched) => {
    expect(names(appsOfReference(watched, "Secret", object("backend")))).toEqual([
      "configured",
      "loaded",
    ]);
    expect(names(appsOfReference(watched, "ConfigMap", object("backend")))).toEqual(["variable"]);
    expect(names(appsOfReference(watched, "Secret", object("ca")))).toEqual([
      ...["default", "trusting"],
    ]);
    expect(names(appsOfReference(watched, "Secret", object("ca", {}, "other")))).toEqual([]);
    const [trusting] = executors;
    expect(trusting && names(appsOfExecutor(watched, trusting))).toEqual(["default", "trusting"]);
    const shared: SpinAppExecutor = {
      metadata: { name: "trusting", namespace: "operator" },
      spec: { createDeployment: true, clusterDefault: true },
    };
    expect(names(appsOfExecutor(watched, shared))).toEqual(["default", "defaultless", "trusting"]);
    const labels = { "core.spinkube.dev/app-name": "loaded" };
    expect(names(appsOfChild(watched, object("loaded-1a2b", { labels })))).toEqual(["loaded"]);
    expect(names(appsOfChild(watched, object("loaded")))).toEqual(["loaded"]);
    expect(names(appsOfChild(watched, object("unrelated")))).toEqual([]);
  });
});

function shared(name: string): SpinAppExecutor {
  return {
    metadata: { name, namespace: "operator", uid: `shared-${name}`, resourceVersion: "1" },
    spec: { createDeployment: true, clusterDefault: true },
  };
}

test("an executor of the cluster is used where its name is not taken, and where none is", async () => {
  const [trusting] = executors;
  const all = [...executors, shared("trusting"), shared("e")];
  await withCaches((watched) => {
    const users = (executor: SpinAppExecutor): readonly string[] =>
      appsUsing(watched, executor)
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
        .toSorted();
    // The namespace's own one has the name there; without a name, the namespace's own comes first.
    expect(users(shared("trusting"))).toEqual([]);
    expect(trusting && users(trusting)).toEqual(["shop/trusting"]);
    expect(users(shared("e"))).toEqual([
      ...["other/defaultless", "other/elsewhere"],
      ...["shop/configured", "shop/loaded", "shop/variable"],
    ]);
    expect(users({ ...shared("e"), spec: { createDeployment: true } })).toHaveLength(5);
    expect(users({ ...shared("unknown") })).toEqual([]);
  }, all);
});

test("a Secret of certificates concerns apps that an executor of the cluster runs", async () => {
  const everyone: SpinAppExecutor = {
    ...shared("e"),
    spec: {
      createDeployment: true,
      clusterDefault: true,
      deploymentConfig: { runtimeClassName: "r", caCertSecret: "ca" },
    },
  };
  await withCaches(
    (watched) => {
      const concerned = (kind: "ConfigMap" | "Secret", secret: string): readonly string[] =>
        names(appsOfReference(watched, kind, object(secret, {}, "other")));
      expect(concerned("Secret", "ca")).toEqual(["defaultless", "elsewhere"]);
      expect(concerned("Secret", "another")).toEqual([]);
      expect(concerned("ConfigMap", "ca")).toEqual([]);
    },
    [...executors, everyone],
  );
});

test("the Secret that the operator provides concerns the apps that it is provided for", async () => {
  const providing = (name: string, caCertSecret?: string): SpinAppExecutor => ({
    metadata: { name, namespace: "shop", uid: `providing-${name}`, resourceVersion: "1" },
    spec: {
      createDeployment: true,
      deploymentConfig: {
        runtimeClassName: "r",
        installDefaultCACerts: true,
        ...(caCertSecret !== undefined && { caCertSecret }),
      },
    },
  });
  await withCaches(
    (watched) => {
      const concerned = (secret: string): readonly string[] =>
        names(appsOfReference(watched, "Secret", object(secret)));
      expect(concerned("spin-ca")).toEqual(["configured", "default", "loaded", "variable"]);
      expect(concerned("own")).toEqual(["default", "trusting"]);
    },
    [providing("e"), providing("trusting", "own")],
  );
  // Where nobody has made an executor, the built-in one is used.
  await withCaches((watched) => {
    const concerned = appsOfReference(watched, "Secret", object("spin-ca", {}, "other"));
    expect(names(concerned)).toEqual(["built-in", "defaultless"]);
  }, []);
});

test("an app and an executor concern the executors of the cluster that they could set free", async () => {
  await withCaches(
    (watched) => {
      expect(names(executorsOfApp(watched, app("a", { executor: "e" })))).toEqual(["e", "e"]);
      expect(names(executorsOfApp(watched, app("a", { executor: "" })))).toEqual(["", "e", "f"]);
      expect(names(executorsOfApp(watched, app("a", { executor: "own" })))).toEqual(["own"]);
      const [trusting] = executors;
      expect(trusting && names(executorsOfExecutor(watched, trusting))).toEqual([
        ...["e", "f", "trusting"],
      ]);
    },
    [...executors, shared("e"), shared("f")],
  );
});

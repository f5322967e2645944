import { ApiextensionsV1Api, NodeV1Api, VersionApi } from "@kubernetes/client-node";
import type { KubeConfig } from "@kubernetes/client-node";
import { setTimeout as delay } from "node:timers/promises";
import { WhorlError } from "../../runtime/error.ts";
import { apiStatus, clusterError } from "../kube/kube-session.ts";
import type { ClusterFacts } from "./facts.ts";

/** Handlers by which pods of Wasm are recognised. */
const wasmHandler = /whorl|spin|wasm/i;

/**
 * Asks a cluster what it is and has. Rejects with WhorlError `cluster` when it does not answer in
 * time or lets nobody in.
 */
export async function askCluster(config: KubeConfig, timeoutMs: number): Promise<ClusterFacts> {
  const context = config.getCurrentContext();
  try {
    const { gitVersion } = await inTime(config.makeApiClient(VersionApi).getCode(), timeoutMs);
    const runtimeClasses = await unlessForbidden(async () => {
      const api = config.makeApiClient(NodeV1Api);
      const { items } = await inTime(api.listRuntimeClass(), timeoutMs);
      return items
        .filter(({ handler }) => wasmHandler.test(handler))
        .map(({ metadata }) => metadata?.name ?? "");
    });
    const hasSpinApps = await unlessForbidden(async () => {
      const api = config.makeApiClient(ApiextensionsV1Api);
      const { items } = await inTime(api.listCustomResourceDefinition(), timeoutMs);
      return items.some(({ metadata }) => metadata?.name === "spinapps.core.spinkube.dev");
    });
    return { kind: "reachable", context, version: gitVersion, runtimeClasses, hasSpinApps };
  } catch (error) {
    throw clusterError(error, "ask the cluster for its version");
  }
}

async function unlessForbidden<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (apiStatus(error) === 403) return undefined;
    throw error;
  }
}

async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const late = delay(timeoutMs, undefined, { ref: false }).then(() => {
    const advice = "check its address in the kubeconfig";
    throw new WhorlError("cluster", `no answer in ${timeoutMs / 1000} s; ${advice}`);
  });
  return await Promise.race([answer, late]);
}

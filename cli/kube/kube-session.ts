import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ApiException, KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import { errorText, WhorlError } from "../../runtime/error.ts";
import type { KubeFlags } from "./kube-flags.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A cluster as a person sees it. */
export interface KubeSession {
  readonly config: KubeConfig;
  readonly objects: KubernetesObjectApi;
  readonly namespace: string;
}

/**
 * Opens the cluster of a kubeconfig; nothing is sent.
 * @throws WhorlError `cluster` if there is no kubeconfig, or it has no such context.
 */
export function openKube(flags: KubeFlags, environment: Environment): KubeSession {
  const config = loadKubeConfig(flags, environment);
  const { context } = flags;
  if (context !== undefined && config.getContextObject(context) === null) {
    const names = config.getContexts().map(({ name }) => name);
    throw new WhorlError(
      "cluster",
      `the kubeconfig has no context "${context}"; it has ${names.join(", ") || "none"}`,
    );
  }
  if (context !== undefined) config.setCurrentContext(context);
  if (config.getCurrentCluster() === null) {
    throw new WhorlError("cluster", "the kubeconfig has no current context; name one: --context");
  }
  const current = config.getContextObject(config.getCurrentContext())?.namespace;
  return {
    config,
    objects: KubernetesObjectApi.makeApiClient(config),
    namespace: flags.namespace ?? current ?? "default",
  };
}

/**
 * Loads the kubeconfig that `kubectl` would load: the flag's, the files of KUBECONFIG together,
 * `.kube/config` at home, else the service account of the pod that this runs in.
 * @throws WhorlError `cluster` if there is none or it cannot be read.
 */
function loadKubeConfig({ kubeconfig }: KubeFlags, environment: Environment): KubeConfig {
  const files = kubeconfigFiles(kubeconfig, environment);
  const config = new KubeConfig();
  try {
    for (const [index, file] of files.entries()) {
      if (index === 0) {
        config.loadFromFile(file);
        continue;
      }
      const next = new KubeConfig();
      next.loadFromFile(file);
      config.mergeConfig(next, true);
    }
    if (files.length === 0) config.loadFromCluster();
  } catch (error) {
    const message = `cannot read the kubeconfig ${files.join(", ")}: ${errorText(error)}`;
    throw new WhorlError("cluster", message, { cause: error });
  }
  return config;
}

function kubeconfigFiles(flag: string | undefined, environment: Environment): string[] {
  if (flag !== undefined) return [flag];
  const listed = (environment["KUBECONFIG"] ?? "").split(delimiter).filter((each) => each !== "");
  const home = environment["HOME"];
  const usual = home === undefined ? [] : [join(home, ".kube", "config")];
  const found = (listed.length > 0 ? listed : usual).filter((file) => existsSync(file));
  if (found.length > 0) return found;
  if (environment["KUBERNETES_SERVICE_HOST"] !== undefined) return [];
  const looked = listed.length > 0 ? listed : usual;
  throw new WhorlError(
    "cluster",
    `there is no kubeconfig (${looked.join(", ") || "no HOME"}); name one with --kubeconfig or KUBECONFIG`,
  );
}

/** An error of the Kubernetes client as one that says what to do; others as they are. */
export function clusterError(error: unknown, action: string): unknown {
  if (error instanceof WhorlError) return error;
  if (error instanceof ApiException) {
    const reason = statusMessage(error.body) || `the API server answers ${error.code}`;
    return new WhorlError("cluster", `cannot ${action}: ${reason}${advice(error.code)}`, {
      cause: error,
    });
  }
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (!(error instanceof Error) || (code === undefined && !/fetch|discover/i.test(error.message))) {
    return error;
  }
  return new WhorlError(
    "cluster",
    `cannot ${action}: the cluster does not answer (${error.message}); check its address in the kubeconfig`,
    { cause: error },
  );
}

/** Status code of an answer of the API server, undefined for other errors. */
export function apiStatus(error: unknown): number | undefined {
  return error instanceof ApiException ? error.code : undefined;
}

function statusMessage(body: unknown): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" ? message : text;
  } catch {
    return text;
  }
}

function advice(code: number): string {
  switch (code) {
    case 401:
      return "; log in to the cluster again, or choose another --context";
    case 403:
      return "; ask for the rights, or choose another --namespace";
    case 409:
      return "; somebody else set this field, take it over with --force-conflicts";
    default:
      return "";
  }
}

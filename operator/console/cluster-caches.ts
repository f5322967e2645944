import type { Watched } from "../reconcile/watched.ts";

/** What of the operator's caches the console reads. */
export type ClusterCaches = {
  readonly [Name in "apps" | "deployments" | "pods" | "executors" | "sharedExecutors"]: Pick<
    Watched[Name],
    "store" | "addHandler"
  >;
};

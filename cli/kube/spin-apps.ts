import { isDeepStrictEqual } from "node:util";
import { PatchStrategy } from "@kubernetes/client-node";
import type { KubernetesObject } from "@kubernetes/client-node";
import { WhorlError } from "../../runtime/error.ts";
import { apiStatus, clusterError } from "./kube-session.ts";
import type { KubeSession } from "./kube-session.ts";

const apiVersion = "core.spinkube.dev/v1alpha1";
const kind = "SpinApp";
const fieldManager = "whorl";

/** A SpinApp, as far as its commands need it. */
export interface SpinAppObject extends KubernetesObject {
  readonly spec?: {
    readonly image?: string;
    readonly executor?: string;
    readonly replicas?: number;
  };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly replicas?: number;
    readonly conditions?: readonly SpinAppCondition[];
  };
}

export interface SpinAppCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** What applying an object did to it. */
export type Applied = "created" | "configured" | "unchanged";

/**
 * Applies an object (server-side apply) in the session's namespace.
 * @throws WhorlError `cluster`
 */
export async function applyObject(
  object: KubernetesObject,
  { objects, namespace }: KubeSession,
  force: boolean,
): Promise<Applied> {
  const name = object.metadata?.name ?? "";
  const wanted: KubernetesObject = { ...object, metadata: { name, namespace } };
  try {
    const before = await found(wanted, objects);
    const after = await objects.patch(
      wanted,
      undefined,
      undefined,
      fieldManager,
      force,
      PatchStrategy.ServerSideApply,
    );
    if (before === undefined) return "created";
    return isDeepStrictEqual(content(before), content(after)) ? "unchanged" : "configured";
  } catch (error) {
    throw missingKind(error, object) ?? clusterError(error, `apply ${object.kind} ${name}`);
  }
}

/**
 * The apps of the session's namespace, or of all.
 * @throws WhorlError `cluster`
 */
export async function listApps(
  { objects, namespace }: KubeSession,
  allNamespaces: boolean,
): Promise<readonly SpinAppObject[]> {
  try {
    const where = allNamespaces ? undefined : namespace;
    const { items } = await objects.list<SpinAppObject>(apiVersion, kind, where);
    return items;
  } catch (error) {
    throw missingKind(error, { apiVersion, kind }) ?? clusterError(error, "list apps");
  }
}

/** @throws WhorlError `cluster` also if there is no such app. */
export async function getApp(name: string, session: KubeSession): Promise<SpinAppObject> {
  const { objects, namespace } = session;
  try {
    return await objects.read<SpinAppObject>({ apiVersion, kind, metadata: { name, namespace } });
  } catch (error) {
    throw appError(error, { name, session, action: "get" });
  }
}

/** @throws WhorlError `cluster` also if there is no such app. */
export async function deleteApp(name: string, session: KubeSession): Promise<void> {
  const { objects, namespace } = session;
  try {
    await objects.delete({ apiVersion, kind, metadata: { name, namespace } });
  } catch (error) {
    throw appError(error, { name, session, action: "delete" });
  }
}

interface FailedAction {
  readonly name: string;
  readonly session: KubeSession;
  readonly action: string;
}

function appError(error: unknown, { name, session, action }: FailedAction): unknown {
  if (apiStatus(error) === 404) {
    return new WhorlError(
      "cluster",
      `there is no app "${name}" in the namespace "${session.namespace}"; whorl list shows those there are, -n names another namespace`,
      { cause: error },
    );
  }
  return missingKind(error, { apiVersion, kind }) ?? clusterError(error, `${action} ${name}`);
}

async function found(
  object: KubernetesObject,
  objects: KubeSession["objects"],
): Promise<KubernetesObject | undefined> {
  const name = object.metadata?.name ?? "";
  const namespace = object.metadata?.namespace ?? "";
  const header = { apiVersion: object.apiVersion ?? "", kind: object.kind ?? "" };
  try {
    return await objects.read({ ...header, metadata: { name, namespace } });
  } catch (error) {
    if (apiStatus(error) === 404) return undefined;
    throw error;
  }
}

/**
 * What somebody can have asked for: not what the cluster counts and reports, which changes with the
 * first write after a new default as well.
 */
function content(object: object): object {
  const { metadata, status: _status, ...rest } = object as KubernetesObject & { status?: unknown };
  return { ...rest, labels: metadata?.labels, annotations: metadata?.annotations };
}

/** The client fails in two ways where a cluster does not know a kind. */
function missingKind(error: unknown, object: KubernetesObject): WhorlError | undefined {
  const isUnknown =
    apiStatus(error) === 404 ||
    (error instanceof Error && /Unrecognized API version and kind/.test(error.message));
  if (!isUnknown) return undefined;
  return new WhorlError(
    "cluster",
    `the cluster does not know ${object.kind} (${object.apiVersion}); install the operator first`,
    { cause: error },
  );
}

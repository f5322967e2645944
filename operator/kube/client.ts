import { limits } from "../limits.ts";
import {
  type ApiRequest,
  ApiSender,
  type ApiSenderOptions,
  type RestObserver,
  nameOf,
} from "./api-sender.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { KubeList, KubeObject, ObjectKey } from "./object.ts";
import { type ResourceType, apiVersionOf, collectionPath, objectPath } from "./resource.ts";
import type { WatchEvent } from "./watch-event.ts";
import { watchStream } from "./watch-stream.ts";

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends CallOptions {
  /** `status` or `scale`. */
  readonly subresource?: string;
}

/** Which objects: all namespaces where `namespace` is absent. */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection, CallOptions {
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan" | undefined;
}

export interface WatchOptions extends Selection, CallOptions {
  /** Events after this version; absent with `sendInitialEvents`: everything there is first. */
  readonly resourceVersion?: string | undefined;
  /** The objects that exist come as ADDED events, then a bookmark with `initialEventsEnd`. */
  readonly sendInitialEvents?: boolean;
  /** The server ends the watch after this. */
  readonly timeoutMs?: number;
  /** See watchStream. */
  readonly silenceMsMax?: () => number;
  /** The server has accepted the watch: what follows is up to date. */
  readonly opened?: () => void;
}

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string;
  readonly subresource?: string;
  /** Everything is checked and answered, nothing is stored. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** The owner of the fields in this object; fields it no longer mentions are removed. */
  readonly fieldManager: string;
  /** Take fields over that another manager owns; otherwise they are a Conflict. */
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Conflict where the object is another one by now, or has changed. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
}

export interface KubeClientOptions extends ApiSenderOptions {
  readonly observer?: RestObserver | undefined;
}

/**
 * Typed requests to the API server. All methods throw KubeError, whose `reason` says why, or the
 * signal's reason. 429 and Retry-After are obeyed here.
 */
export class KubeClient {
  readonly #sender: ApiSender;
  readonly #clock: Clock;

  constructor(options: KubeClientOptions) {
    this.#sender = new ApiSender(options);
    this.#clock = options.clock ?? systemClock;
  }

  async get<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    { subresource, signal }: ReadOptions = {},
  ): Promise<T> {
    const path = objectPath(type, key, subresource);
    return (await this.#sender.json({ method: "GET", path, signal })) as T;
  }

  /** One page; see {@link pages} for all. */
  async list<T extends KubeObject>(
    type: ResourceType<T>,
    { namespace, signal, ...query }: ListOptions = {},
  ): Promise<KubeList<T>> {
    const path = collectionPath(type, namespace);
    return (await this.#sender.json({ method: "GET", path, query, signal })) as KubeList<T>;
  }

  /** Page by page. Throws Expired where the server forgets the list while it is read. */
  async *pages<T extends KubeObject>(
    type: ResourceType<T>,
    options: ListOptions = {},
  ): AsyncGenerator<KubeList<T>, void, undefined> {
    let next: ListOptions = { limit: limits.listPageItemsMax, ...options };
    for (;;) {
      const page = await this.list(type, next);
      yield page;
      const token = page.metadata.continue;
      if (token === undefined || token === "") return;
      // A continue token already stands for a version.
      const { resourceVersion: _, resourceVersionMatch: __, ...rest } = next;
      next = { ...rest, continue: token };
    }
  }

  /** Events until the server ends the watch; bookmarks are always asked for. See watchStream. */
  async *watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: WatchOptions = {},
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const { signal, silenceMsMax = defaultSilenceMsMax } = options;
    const path = collectionPath(type, options.namespace);
    const query = watchQuery(options);
    const response = await this.#sender.open({ method: "GET", path, query, signal, bodyMs: 0 });
    options.opened?.();
    const request = nameOf({ method: "GET", path: `${path}?watch` });
    yield* watchStream<T>({ response, request, clock: this.#clock, silenceMsMax, signal });
  }

  async create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { signal, subresource } = options;
    const path =
      subresource === undefined
        ? collectionPath(type, type.namespaced ? object.metadata.namespace : undefined)
        : objectPath(type, object.metadata, subresource);
    const body = withType(type, object);
    const query = writeQuery(options);
    return (await this.#sender.json({ method: "POST", path, query, body, signal })) as T;
  }

  /** Replaces; Conflict where `metadata.resourceVersion` is given and is not the current one. */
  async update<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { signal, subresource } = options;
    const path = objectPath(type, object.metadata, subresource);
    const body = withType(type, object);
    const query = writeQuery(options);
    return (await this.#sender.json({ method: "PUT", path, query, body, signal })) as T;
  }

  /** Server-side apply: creates or changes just the fields that the object mentions. */
  async apply<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    options: ApplyOptions,
  ): Promise<T> {
    const { signal, subresource, force } = options;
    return (await this.#sender.json({
      method: "PATCH",
      path: objectPath(type, object.metadata, subresource),
      query: { ...writeQuery(options), force },
      body: withType(type, object),
      // JSON is YAML; the API has no other media type for this.
      contentType: "application/apply-patch+yaml",
      signal,
    })) as T;
  }

  /** JSON merge patch (RFC 7386): null removes a field, lists are replaced as a whole. */
  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: object,
    options: WriteOptions = {},
  ): Promise<T> {
    const { signal, subresource } = options;
    return (await this.#sender.json({
      method: "PATCH",
      path: objectPath(type, key, subresource),
      query: writeQuery(options),
      body: patch,
      contentType: "application/merge-patch+json",
      signal,
    })) as T;
  }

  /** Resolves when the server has accepted; finalizers may keep the object for longer. */
  async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const { signal, dryRun, ...rest } = options;
    const body = {
      kind: "DeleteOptions",
      apiVersion: "v1",
      ...rest,
      ...(dryRun === true ? { dryRun: ["All"] } : {}),
    };
    const path = objectPath(type, key);
    await this.#sender.json({ method: "DELETE", path, body, signal });
  }

  /** Any other request: discovery, `/version`, reviews. */
  async raw(request: ApiRequest): Promise<unknown> {
    return await this.#sender.json(request);
  }
}

function withType<T extends KubeObject>(type: ResourceType, object: T): T {
  return {
    ...object,
    apiVersion: object.apiVersion ?? apiVersionOf(type),
    kind: object.kind ?? type.kind,
  };
}

function watchQuery(options: WatchOptions): NonNullable<ApiRequest["query"]> {
  const { labelSelector, fieldSelector, resourceVersion, timeoutMs } = options;
  const initial = options.sendInitialEvents === true;
  return {
    labelSelector,
    fieldSelector,
    resourceVersion,
    sendInitialEvents: initial ? true : undefined,
    resourceVersionMatch: initial ? "NotOlderThan" : undefined,
    watch: true,
    allowWatchBookmarks: true,
    timeoutSeconds: timeoutMs === undefined ? undefined : Math.ceil(timeoutMs / 1000),
  };
}

function defaultSilenceMsMax(): number {
  return limits.watchSilenceMsMax;
}

function writeQuery({ fieldManager, dryRun }: WriteOptions): NonNullable<ApiRequest["query"]> {
  return { fieldManager, dryRun: dryRun === true ? "All" : undefined };
}

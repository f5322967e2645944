/**
 * What the console's page reads, as JSON over HTTP. The page imports these types and nothing else
 * of the runtime; so this file imports nothing. Times are milliseconds since 1970, durations
 * milliseconds, sizes bytes, shares 0 to 1. What is not known is absent.
 *
 * Every text that comes from outside (names, paths, messages, lines) is exactly what came: it may
 * hold control characters and markup, and is to be shown as text.
 */

/** `GET /api/info`: who answers. */
export interface ConsoleInfo {
  readonly apiVersion: 1;
  /** One process of `whorl up`, the processes of a node, or a cluster. */
  readonly scope: "process" | "node" | "cluster";
  /** Name of the app, node or cluster. */
  readonly title: string;
  /** Of Whorl. */
  readonly version: string;
  /** Where `scope` is "process". */
  readonly pid?: number | undefined;
  readonly startedMs: number;
  /** The server's clock. */
  readonly nowMs: number;
  /** How often there is a usage sample, and how many are kept. */
  readonly sampleEveryMs: number;
  readonly samplesKept: number;
  /** How many requests are kept with their spans; 0: nothing is known of requests, nor usage. */
  readonly requestsKept: number;
}

/**
 * How an app is. `idle`: nothing asked of it lately. `degraded`: some requests fail, or a bound is
 * near. `failing`: it cannot be served, or most requests fail. `pending`: not up yet.
 */
export type Health = "healthy" | "idle" | "pending" | "degraded" | "failing";

/** What happened in the last second and what is now; totals count since the app was started. */
export interface Usage {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly coldStartsPerSecond: number;
  /** Absent without requests in this second. */
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
  readonly inFlight: number;
  readonly requestsTotal: number;
  readonly errorsTotal: number;
  readonly coldStartsTotal: number;
  readonly limitHitsTotal: number;
  readonly memoryBytes?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
  /** Of one core; may be more than 1. */
  readonly cpuShare?: number | undefined;
  readonly busyInstances?: number | undefined;
  readonly idleInstances?: number | undefined;
}

/** `GET /api/apps?search=&health=&offset=&limit=`: by name. */
export interface AppList {
  readonly atMs: number;
  /** How many match, whatever `limit` says. */
  readonly total: number;
  readonly apps: readonly AppSummary[];
}

export interface AppSummary {
  /** For `/api/apps/ID` (encoded with encodeURIComponent): its name, or `namespace/name`. */
  readonly id: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly version?: string | undefined;
  /** Where it answers. */
  readonly url?: string | undefined;
  readonly health: Health;
  /** One sentence, `""` where there is nothing to say. */
  readonly healthReason: string;
  readonly componentCount: number;
  readonly triggers: readonly Trigger[];
  readonly usage: Usage;
  /** Requests per second of the last minute, oldest first; absent where there were none. */
  readonly recentRequests?: readonly number[] | undefined;
  /** The newest one, if there was any. */
  readonly lastFailure?: Failure | undefined;
  /** In a cluster. */
  readonly workload?: Workload | undefined;
}

/** What runs an app in a cluster. */
export interface Workload {
  /** Absent where something else than the operator runs it. */
  readonly kind?: "Deployment" | "Job" | "CronJob" | undefined;
  readonly image: string;
  readonly executor: string;
  readonly readyPods: number;
  readonly wantedPods: number;
}

/** `GET /api/apps/ID`; 404 where there is no such app. */
export interface AppDetail extends AppSummary {
  readonly description?: string | undefined;
  /** What was found suspicious when it was loaded. */
  readonly warnings: readonly string[];
  readonly components: readonly ComponentDetail[];
  /** Newest first, at most 50. */
  readonly failures: readonly Failure[];
  /** Oldest first, one for each second, at most `samplesKept`. */
  readonly history: readonly AppSample[];
  readonly latency: LatencyHistogram;
  /** In a cluster: what is said about it there. */
  readonly conditions?: readonly AppCondition[] | undefined;
}

/** A condition of a SpinApp's status. */
export interface AppCondition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly sinceMs: number;
  readonly reason: string;
  readonly message: string;
}

export interface Trigger {
  readonly kind: "http" | "redis" | "mqtt" | "sqs" | "cron" | "command";
  readonly id: string;
  /** Absent for a static answer. */
  readonly component?: string | undefined;
  /** HTTP route (absent for a private one), channel, topic, queue or cron expression. */
  readonly source?: string | undefined;
}

export interface ComponentDetail {
  readonly id: string;
  /** In a cluster: a container of its pods. */
  readonly kind?: PodContainer["kind"] | undefined;
  /** File, digest or image. */
  readonly source?: string | undefined;
  readonly usage: Usage;
}

/** Durations of all requests since the app was started. */
export interface LatencyHistogram {
  /** Upper bounds, milliseconds, rising. */
  readonly boundsMs: readonly number[];
  /** One more than the bounds: the last one is open. Not cumulative. */
  readonly counts: readonly number[];
}

/** A second of an app, for charts. */
export interface AppSample {
  readonly atMs: number;
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly coldStartsPerSecond: number;
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly cpuShare?: number | undefined;
}

/** Why something went wrong, and what to do about it. */
export interface Failure {
  readonly atMs: number;
  readonly app: string;
  readonly component: string;
  /** `trap`, `limit`, `no_handler`, `response` (an answer 5xx of the guest itself), ... */
  readonly code: string;
  readonly message: string;
  /** One or two sentences for a person. */
  readonly remedy: string;
  /** For `/api/requests/ID`, where it belongs to a request. */
  readonly requestId?: string | undefined;
}

/**
 * `GET /api/requests?since=ID&limit=` and the filters `app`, `component`, `method`, `status`
 * (`404`, `5xx`, `404,5xx`), `path` (prefix, or with `*`), `traceId`, `slowerThanMs`,
 * `errors=true`, `cold=true`. Without `since` the newest ones. 400 for a filter that is none.
 */
export interface RequestPage {
  /** Oldest first. */
  readonly requests: readonly RequestEntry[];
  /** For the next `since`. */
  readonly next: string;
  /** Requests after `since` that are not kept any more. */
  readonly lost: number;
}

/** A request or event that has ended. */
export interface RequestEntry {
  /** For `/api/requests/ID`: decimal digits; grows with each request. */
  readonly id: string;
  readonly atMs: number;
  readonly app: string;
  readonly component: string;
  readonly trigger: "http" | "chained" | "redis" | "mqtt" | "sqs" | "cron" | "command";
  /** `""` for events. */
  readonly method: string;
  /** Path with query; the channel, topic, queue or expression of an event. */
  readonly path: string;
  readonly route: string;
  /** 0 where nothing was answered. */
  readonly status: number;
  readonly durationMs: number;
  /** Until an instance was asked for, and until there was one. */
  readonly queueMs: number;
  readonly takeMs: number;
  /** Where the instance came from; absent where none was taken. */
  readonly start?: "cold" | "fresh" | "reset" | "shared" | undefined;
  readonly isCold: boolean;
  /** 32 hexadecimal digits, or `""`. */
  readonly traceId: string;
  /** Code and text of the failure. */
  readonly error?: string | undefined;
  readonly message?: string | undefined;
}

/** `GET /api/requests/ID`; 404 where it is not kept (any more). */
export interface RequestDetail {
  readonly request: RequestEntry;
  readonly failure?: Failure | undefined;
  /** The first one is the whole request; the others in the order in which they began. */
  readonly spans: readonly FlameSpan[];
  /** Calls of the guest beyond what is kept. */
  readonly spansLost: number;
  /** What the guest wrote meanwhile, the first lines. */
  readonly lines: readonly LogLine[];
  readonly linesLost: number;
}

export interface FlameSpan {
  readonly id: string;
  /** Absent for the whole request. */
  readonly parentId?: string | undefined;
  /** `GET /shop/...`, `whorl.queue`, `spin_key_value.get`. */
  readonly name: string;
  /**
   * The whole request; waiting for its turn; having an instance; the guest's code; what the host
   * did for the guest; an HTTP request of the guest; putting the instance back; a span that the
   * guest itself recorded.
   */
  readonly kind:
    | "request"
    | "queue"
    | "instance"
    | "guest"
    | "host-call"
    | "outbound"
    | "reset"
    | "guest-span";
  /** Since the beginning of the request. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly attributes: readonly (readonly [name: string, value: string | number | boolean])[];
  readonly error?: string | undefined;
}

export interface LogLine {
  readonly atMs: number;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** `GET /api/pods`: without nodes where the scope is "process". */
export interface PodMap {
  readonly nodes: readonly PodNode[];
  /** How many pods there are, where not all are named: those that need attention come first. */
  readonly total?: number | undefined;
}

export interface PodNode {
  /** `""`: not on a node yet. */
  readonly name: string;
  readonly isReady?: boolean | undefined;
  readonly pods: readonly Pod[];
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  /** Id of its app, if it is one's. */
  readonly app?: string | undefined;
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
  readonly isReady: boolean;
  /** `""` where there is nothing to say. */
  readonly reason: string;
  readonly containers: readonly PodContainer[];
}

export interface PodContainer {
  readonly name: string;
  /** A Wasm function of Whorl's, or an ordinary container. */
  readonly kind: "wasm" | "container";
  readonly image: string;
  readonly state: "waiting" | "running" | "terminated";
  readonly isReady: boolean;
  readonly restarts: number;
  /** Such as `CrashLoopBackOff`, and what Kubernetes says about it. */
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly memoryBytes?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
  readonly cpuShare?: number | undefined;
}

/**
 * `GET /api/events?topics=usage,requests,failures&app=...` (and the filters of `/api/requests` for
 * the requests): `text/event-stream`, each event's `data` one line of JSON. `topics` are all of
 * them where not given; `app` narrows usage to one app. The first event is `info`. A comment comes
 * every 15 s when nothing else does. Whoever reads too slowly loses requests and samples, never
 * the connection; how many is told.
 */
export type ConsoleEvent =
  | { readonly event: "info"; readonly data: ConsoleInfo }
  | { readonly event: "usage"; readonly data: UsageSample }
  | { readonly event: "requests"; readonly data: RequestBatch }
  | { readonly event: "failures"; readonly data: FailureBatch };

/** Every second. */
export interface UsageSample {
  readonly atMs: number;
  /** Of all apps together. */
  readonly totals: AppSample;
  readonly process?:
    | { readonly cpuShare?: number | undefined; readonly residentBytes: number }
    | undefined;
  /**
   * Apps whose figures or health differ from the sample before (after `info`: all that have had
   * requests). Apps that are not named are as they were.
   */
  readonly apps: readonly AppUsage[];
  /** Ids of apps that are not served any more. */
  readonly gone: readonly string[];
  /** Samples that this reader did not get before this one. */
  readonly missed: number;
}

export interface AppUsage {
  readonly id: string;
  readonly health: Health;
  readonly healthReason: string;
  readonly usage: Usage;
  readonly workload?: Workload | undefined;
}

/** Four times a second at most, where there are any. */
export interface RequestBatch {
  /** In the order in which they ended, at most 500. */
  readonly requests: readonly RequestEntry[];
  /** Requests that this reader did not get before or among these. */
  readonly lost: number;
}

export interface FailureBatch {
  readonly failures: readonly Failure[];
  readonly lost: number;
}

/** Body of every answer from 400 on. */
export interface ConsoleProblem {
  /**
   * `unauthorized` (401): no token or a wrong one. `forbidden` (403): not allowed, or by this
   * `Host` or `Origin`. `busy` (503): too many readers, or nobody can say now who asks.
   */
  readonly code:
    | "unauthorized"
    | "forbidden"
    | "not_found"
    | "method"
    | "usage"
    | "busy"
    | "internal";
  readonly message: string;
}

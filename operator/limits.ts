/** Every bound of the operator with its unit. Checked before anything is allocated. */
export const limits = {
  /** Objects asked for in one page of a list (as client-go). */
  listPageItemsMax: 500,
  /** One answer of the API server; a page of the largest objects etcd takes would be 750 MiB. */
  responseBytesMax: 256 * 1024 * 1024,
  /** One event of a watch: etcd refuses objects above 1.5 MiB, JSON escapes can triple that. */
  watchEventBytesMax: 16 * 1024 * 1024,
  /** Connections to the API server: each watch and each running request has its own. */
  connectionsMax: 256,
  /** An idle connection is closed after this; the API server keeps it for 90 s. */
  idleConnectionMs: 30_000,
  /** One request that is not a watch. */
  requestMs: 30_000,
  /** Credentials and certificates are read again at this age (tokens are rotated on disk). */
  credentialAgeMsMax: 60_000,
  /** How often one request is sent again after 429, 5xx with Retry-After or a lost connection. */
  requestRetriesMax: 10,
  /** The longest that one Retry-After is obeyed. */
  retryAfterMsMax: 60_000,
  /** A watch is asked to end after a random time from here ... */
  watchMsMin: 5 * 60_000,
  /** ... to here, so that many watches do not all reconnect at the same moment (as client-go). */
  watchMsMax: 10 * 60_000,
  /** A watch without event and bookmark (the server sends one a minute) counts as dead. */
  watchSilenceMsMax: 150_000,
  /** The initial events of a watch list have to begin within this, otherwise a list is taken. */
  watchListSilenceMsMax: 10_000,
  /** First and longest pause after a failed list or watch. */
  reconnectMsMin: 250,
  reconnectMsMax: 5_000,
  /** A watch that lived this long shows that the server is well: backoff begins anew. */
  reconnectResetMs: 30_000,
  /** First and longest pause of one key of a work queue that fails (as controller-runtime). */
  itemBackoffMsMin: 5,
  itemBackoffMsMax: 1_000_000,
  /**
   * Retries of all keys of a queue together: per second, and saved up. client-go's 10 and 100 would
   * let 5,000 objects that failed in an outage take eight minutes to recover.
   */
  queueRetriesPerSecond: 50,
  queueRetriesBurst: 1_000,
  /** One run of a reconcile function. */
  reconcileMsMax: 120_000,
  /** After the signal to stop: running reconciles may finish within this. */
  drainMsMax: 20_000,
  /** Lease: others may take over this long after the last renewal they saw. */
  leaseDurationMs: 15_000,
  /** Lease: the leader gives up when it could not renew for this long. */
  leaseRenewMsMax: 10_000,
  /** Lease: pause between two attempts. */
  leaseRetryMs: 2_000,
  /** Events waiting to be written; more are dropped and counted. */
  eventsWaitingMax: 1_000,
  /** Different events remembered for aggregation. */
  eventSeriesMax: 4_096,
  /** An event that has not come again for this long is a new one. */
  eventSeriesMs: 6 * 60_000,
  /** The count of a running series is written at most this often. */
  eventSeriesWriteMs: 60_000,
  /** Events about one object at once, and then one in this time (as client-go's correlator). */
  eventBurst: 25,
  eventRefillMs: 300_000,
  /** `note` of an event (fixed by the API). */
  eventNoteBytesMax: 1_024,
  /** `reason` and `action` of an event (fixed by the API). */
  eventReasonCharactersMax: 128,
  /** A verdict of the API server about a reader of metrics is remembered for this long. */
  tokenVerdictMs: 10_000,
  /** Verdicts remembered. */
  tokenVerdictsMax: 1_024,
  /** Console: what a caller may see is asked anew after this. */
  consoleVerdictMs: 15_000,
  /** Console: callers that are remembered. */
  consoleCallersMax: 256,
  /** Console: callers that the API server is asked about at once, and questions about one of them. */
  consoleCallersAtOnceMax: 16,
  consoleReviewsAtOnceMax: 8,
  /** Console: namespaces looked through for a caller who may not see all of them. */
  consoleNamespacesMax: 500,
  /** Console: those that follow changes at once, and changes that wait for one of them. */
  consoleFeedsMax: 64,
  consoleChangesMax: 10_000,
  /** Console: how often somebody who follows is told of changes. */
  consoleTellMs: 1_000,
  /** Console: pods in one answer, failures of one app. */
  consolePodsMax: 1_000,
  consoleFailuresMax: 50,
  /** Connections to the health and metrics endpoints. */
  operationsConnectionsMax: 256,
  /** A value of a ConfigMap or Secret that is longer is kept as a digest (base64 for Secrets). */
  cachedValueCharactersMax: 32_768,
  /** How long an answer to a write may be ahead of the cache. */
  recentWriteMs: 30_000,
  /** Changes of a status that are only numbers or words wait this long: one write for all of them. */
  statusPauseMs: 1_000,
  /** After this, an app whose pods are silent is looked at again. */
  silentPodsMs: 15_000,
  /** After this, an app that the API server refused is tried again. */
  refusedMs: 60_000,
  /** Apps whose silent pods' events are read: in a second, and after a quiet time. */
  eventReadsPerSecond: 1,
  eventReadsBurst: 10,
  /** Events read to find out why a pod is silent. */
  podEventsMax: 50,
  /** A certificate that the operator makes for its webhooks is valid this long ... */
  certificateMs: 90 * 86_400_000,
  /** ... and replaced at this age, so that every replica has a month to take the new one. */
  certificateRenewMs: 60 * 86_400_000,
  /** It is valid from this long ago: clocks differ. */
  certificateSkewMs: 3_600_000,
  /** How often a certificate is looked at. */
  certificateCheckMs: 10 * 60_000,
  /** A certificate that the metrics are served with where none is given; made at each start. */
  metricsCertificateMs: 10 * 365 * 86_400_000,
  /** A request of a webhook: two objects of the largest size that etcd takes, escaped. */
  admissionBytesMax: 16 * 1024 * 1024,
  /** Running requests of webhooks may end within this. */
  admissionDrainMs: 5_000,
  /** All caches have to be read within this, otherwise the process ends and is started anew. */
  cacheSyncMsMax: 120_000,
} as const;

/** Every bound of the runtime with its unit. Checked before anything is allocated. */
export const limits = {
  /** Size of one component binary. */
  componentBytesMax: 256 * 1024 * 1024,
  /** Components inside components inside components. */
  componentNestingMax: 32,
  /** Types inside types. */
  typeNestingMax: 100,
  /** Entries of one index space of one component (functions, types, instances, ...). */
  indexSpaceItemsMax: 100_000,
  /** Types in one type, each counted as often as it is used: what walking over it costs. */
  typeNodesMax: 100_000,
  /** Definitions evaluated and types compared while one component is linked. */
  linkStepsMax: 1_000_000,
  /** Components instantiating components, and instance types in instance types, while linking. */
  linkNestingMax: 200,
  /** Length of one name in the binary. */
  nameBytesMax: 100_000,
  /** Size that one type's value may have in linear memory (as in the reference implementation). */
  typeSizeBytesMax: (1 << 28) - 1,
  /** Lines of code generated for the conversions of one function. */
  generatedLinesMax: 50_000,
  /** Parameters of one function; record fields, variant cases, enum names of one type. */
  typeMembersMax: 10_000,
  /** An instance with a memory larger than this is not put back but replaced. */
  resetMemoryBytesMax: 64 * 1024 * 1024,
  /** Size of the cache of prepared components on disk; the least recently used ones go first. */
  prepareCacheBytesMax: 4 * 1024 * 1024 * 1024,
  /** One request with which a component is warmed up. */
  warmUpMsMax: 30_000,
  /** Elements of all tables that one core module defines. */
  tableElementsMax: 1 << 20,
  /** Instances of one component kept ready for the next requests: as many as were busy at once. */
  idleInstancesMax: 128,
  /** Components of one thread for which the memories of an instance are kept, without their pages. */
  keptMemoriesMax: 64,
  /** Components of one thread that keep an instance, without its pages, while nobody asks them. */
  restingInstancesMax: 256,
  /** Live entries of one instance's handle table (specification: less than 2^28). */
  handlesMax: 1 << 20,
  /** Strings and lists: one lowered or lifted value (specification: less than 2^31 for strings). */
  valueBytesMax: 0x7fff_ffff,
  /**
   * What one list of a guest may become on the host: its strings and lists may all lie at the same
   * place, so that the guest's memory is no bound (as wasmtime's default).
   */
  liftedBytesMax: 128 * 1024 * 1024,
  /** One read of a wasi:io input stream returns at most this. */
  streamReadBytesMax: 64 * 1024,
  /** What check-write of a wasi:io output stream permits at most. */
  streamWriteBytesMax: 1024 * 1024,
  /** wasi:io: one blocking-write-and-flush (fixed by the interface; more is a trap). */
  blockingWriteBytesMax: 4096,
  /** A guest's line on stdout or stderr; a longer one is cut (as container runtimes do). */
  guestLineBytesMax: 16 * 1024,
  /** wasi:filesystem: one path, in UTF-8 (PATH_MAX of Linux). */
  pathBytesMax: 4096,
  /** wasi:filesystem: directories entered while one path is resolved. */
  pathDepthMax: 256,
  /** wasi:filesystem: symbolic links followed while one path is resolved (as Linux does). */
  symlinksMax: 40,
  /** wasi:filesystem: files and directories that one instance has open at once. */
  openFilesMax: 1024,
  /** wasi:filesystem 0.3: entries of a directory that one read of its stream returns. */
  directoryEntriesPerReadMax: 256,
  /** wasi:random: one get-random-bytes. */
  randomBytesMax: 64 * 1024 * 1024,
  /** Host-side buffering of a body (same as Spin). */
  bufferedBodyBytesMax: 128 * 1024 * 1024,
  /** All header lines of one request or one response. */
  headersBytesMax: 128 * 1024,
  /** A client has this long to send its request head. */
  requestHeadMsMax: 60_000,
  /** A client whose request was refused as malformed has this long to read why. */
  refusalMsMax: 1_000,
  /**
   * A connection without requests is kept this long: longer than common load balancers keep theirs
   * (at most 600 s), so that it is them who close, and no request is lost.
   */
  connectionIdleMsMax: 650_000,
  /** Requests in flight have this long to finish after SIGTERM. */
  shutdownMsMax: 10_000,
  /** Events (messages, points in time) of one source that are handled at once. */
  eventsRunningMax: 100,
  /** Messages of one source that wait for their turn, where the source cannot be held back. */
  eventsWaitingMax: 10_000,
  /** Longest pause between two attempts to reach a server again. */
  reconnectMsMax: 10_000,
  /** After a second signal: what is left to be tidied up has this long. */
  interruptMsMax: 1_000,
  /** Connections served at once by one listener; beyond that those without a word make room. */
  connectionsMax: 10_000,
  /** Size of one manifest. */
  manifestBytesMax: 1024 * 1024,
  /** Mistakes of one manifest after which the rest of it is not looked at. */
  manifestProblemsMax: 100,
  /** Files and directories that the file patterns of one component may visit. */
  componentFilesMax: 100_000,
  /** Files copied at once. */
  fileCopiesMax: 16,
  /** Watching: files that patterns may match, and directories that are watched for them. */
  watchedFilesMax: 100_000,
  watchedDirectoriesMax: 10_000,
  /** Watching: of a larger file only size and time are compared. */
  watchedContentBytesMax: 64 * 1024 * 1024,
  /** Logs of pods: characters of a line that does not end; what follows is another line. */
  podLogLineCharsMax: 1024 * 1024,
  /** Build commands that are asked to end have this long. */
  buildStopMsMax: 5_000,
  /** Ports tried by --find-free-port. */
  freePortTriesMax: 100,
  /** wasi:http: connect, first byte, and between bytes, unless the guest asks otherwise. */
  outboundTimeoutMs: 600_000,
  /** wasi:http: bytes of one outgoing body, or of one response, that wait for the slower side. */
  outboundBufferBytes: 64 * 1024,
  /** wasi:sockets: sockets that one instance has open at once. */
  openSocketsMax: 256,
  /** wasi:sockets: connections that one listening socket holds until the guest accepts them. */
  listenBacklogMax: 4096,
  /** wasi:sockets: datagrams that one receive returns, and that check-send permits, at most. */
  datagramsPerCallMax: 16,
  /** wasi:sockets: received datagrams held for one UDP socket, and sent ones not yet taken. */
  datagramQueueBytesMax: 1024 * 1024,
  /** wasi:sockets: a dropped TCP socket may go on sending this long without any progress. */
  socketLingerMsMax: 30_000,
  /** wasi:sockets: name to resolve, in ASCII form (RFC 1035: 253 without the final dot). */
  domainNameCharsMax: 254,
  /** Images: one manifest or index (what registries accept), and one configuration. */
  imageManifestBytesMax: 4 * 1024 * 1024,
  /** Images: one locked application, with the files that are inlined in it. */
  lockedAppBytesMax: 16 * 1024 * 1024,
  /** Images: layers of one image (the least that known registries permit); entries of an index. */
  imageLayersMax: 500,
  /** Images: one layer, as it travels. */
  imageBlobBytesMax: 2 * 1024 * 1024 * 1024,
  /** Images: all layers of one image together, as they travel. */
  imageBytesMax: 8 * 1024 * 1024 * 1024,
  /** Images: everything that comes out of the archives of one image. */
  unpackedBytesMax: 4 * 1024 * 1024 * 1024,
  /** Images: entries in the archives of one image. */
  unpackedEntriesMax: 100_000,
  /** Images: files up to this size travel inside the locked application (as in Spin). */
  inlineContentBytesMax: 128,
  /** Registry: blobs of one image transferred at once. */
  blobTransfersMax: 8,
  /** Registry: a blob up to this size is sent in one request, a larger one in pieces. */
  uploadPieceBytes: 64 * 1024 * 1024,
  /** Registry: attempts at one request. */
  registryTriesMax: 5,
  /** Registry: first and longest pause between two attempts. */
  registryPauseMsMin: 200,
  registryPauseMsMax: 10_000,
  /** Registry: a longer Retry-After is not waited for. */
  registryRetryAfterMsMax: 60_000,
  /** Registry: redirects followed for one request. */
  registryRedirectsMax: 5,
  /** Registry: time to connect, to the answer's head, and between two pieces of its body. */
  registryConnectMsMax: 10_000,
  registryIdleMsMax: 60_000,
  /** Registry: an error's or a token's answer; of more only the beginning is read. */
  registryAnswerBytesMax: 256 * 1024,
  /** Registry: tags of one repository, and pages that list them. */
  registryTagsMax: 100_000,
  registryTagPagesMax: 1000,
  /** A docker configuration file. */
  dockerConfigBytesMax: 1024 * 1024,
  /** A credential helper's answer, and the time it has. */
  credentialHelperBytesMax: 64 * 1024,
  credentialHelperMsMax: 60_000,
  /** Half-written blobs of a process that died are removed after this time. */
  abandonedBlobMsMax: 24 * 60 * 60 * 1000,
  /** Spin interfaces: key-value stores, and compare-and-swap operations, one instance has open. */
  openStoresMax: 256,
  /** Spin interfaces: SQLite connections that one instance has open at once. */
  sqliteConnectionsMax: 256,
  /** Spin interfaces: prepared statements kept by one SQLite connection. */
  sqliteStatementsMax: 64,
  /** Spin interfaces: a longer SQL text is prepared anew each time. */
  sqliteKeptTextCharsMax: 16 * 1024,
  /** Spin interfaces: unused SQLite connections that are kept for each database. */
  sqliteIdleConnectionsMax: 16,
  /** Spin interfaces: how long a SQLite statement waits for a lock that another process holds. */
  sqliteBusyMsMax: 5_000,
  /** Spin interfaces: one request to Vault, Azure or AWS, including its retries. */
  storeRequestMsMax: 30_000,
  /** Spin interfaces: tries of an increment that others' writes get in the way of. */
  incrementTriesMax: 10,
  /** wasi:otel: spans that one instance has begun and not ended. */
  guestSpansMax: 1024,
  /** Size of one runtime-config.toml, or of one file with variables. */
  runtimeConfigBytesMax: 1024 * 1024,
  /** Spin interfaces: what one result of a database or server may hold (same as Spin). */
  queryResultBytesMax: 128 * 1024 * 1024,
  /** Spin interfaces: Redis or MQTT connections that one instance has open at once (same as Spin). */
  guestConnectionsMax: 1024,
  /** Spin interfaces: PostgreSQL or MySQL connections that one instance has open at once. */
  guestDatabaseConnectionsMax: 256,
  /** Spin interfaces: connections to one database address (same as Spin). */
  databaseConnectionsMax: 64,
  /** Spin interfaces: how long a session that nobody uses stays as its last user has left it. */
  databaseCleanMsMax: 10,
  /** Spin interfaces: addresses with open connections, for each kind of server. */
  serverAddressesMax: 256,
  /** Spin interfaces: longer addresses are read anew each time, in characters. */
  rememberedAddressCharsMax: 1024,
  /** Spin interfaces: connecting to a server, including its login. */
  serverConnectMsMax: 30_000,
  /** Spin interfaces: waiting for another guest's connection to become free. */
  connectionWaitMsMax: 30_000,
  /** Spin interfaces: a connection to a server that nobody uses is kept this long. */
  serverIdleMsMax: 60_000,
  /** Spin interfaces: Redis connections of guests that sent commands with effects on them. */
  redisOwnConnectionsMax: 1024,
  /** Spin interfaces: MQTT topic in UTF-8 (fixed by the protocol). */
  mqttTopicBytesMax: 65_535,
  /** Spin interfaces: inference may take this long. */
  inferenceMsMax: 600_000,
  /** Telemetry: series of one metric; what is beyond is counted in one series of its own. */
  metricSeriesMax: 2_000,
  /** Telemetry: spans, or log records, that wait to be exported (OpenTelemetry's default). */
  telemetryQueueItemsMax: 2_048,
  /** Telemetry: spans, or log records, in one export (OpenTelemetry's default). */
  telemetryBatchItemsMax: 512,
  /** Telemetry: guests' metric exports that wait to be sent, and data points in one of them. */
  guestMetricsWaitingMax: 64,
  guestDataPointsMax: 2_000,
  /** Telemetry: attributes of one span or record, and characters of one name or value. */
  telemetryAttributesMax: 128,
  telemetryTextCharsMax: 4_096,
  /** Telemetry: attempts at one export, first and longest pause between two of them. */
  telemetryTriesMax: 5,
  telemetryPauseMsMin: 1_000,
  telemetryPauseMsMax: 10_000,
  /** Telemetry: a longer Retry-After is not waited for. */
  telemetryRetryAfterMsMax: 30_000,
  /** Telemetry: a collector's answer; of more only the beginning is read. */
  telemetryAnswerBytesMax: 64 * 1024,
  /** Telemetry: what is left at the end of the process has this long to be sent. */
  telemetryFlushMsMax: 3_000,
  /** Telemetry: hosts of one component that have series of their own. */
  outboundHostsMax: 32,
  /** Telemetry: host calls (outbound requests, stores) of one request that become spans. */
  hostCallSpansMax: 128,
  /** Hosts, stores and the like that one component is refused and that the log tells of. */
  refusalsToldMax: 64,
  /** What a guest named in such a line. */
  refusalCharsMax: 256,
  /** Guests' lines that are shown, of one component: per second, and at once after a pause. */
  guestLinesPerSecondMax: 1_000,
  guestLinesBurstMax: 5_000,
  /** Output that waits for who reads it before guests' lines are dropped. */
  outputWaitingBytesMax: 4 * 1024 * 1024,
  /** Live view: subscribers of one process, and records that wait for a slow one. */
  requestLogSubscribersMax: 16,
  requestLogWaitingMax: 1_000,
  /** Live view: requests that are kept, spans and lines of all of them together, lines of one. */
  requestsKeptMax: 2_000,
  spansKeptMax: 40_000,
  requestLinesMax: 100,
  /** Live view: characters of a request's method. */
  methodCharsMax: 64,
  /** Live view: failures of one app that are kept, and apps whose failures are. */
  failuresKeptMax: 20,
  failingAppsKeptMax: 200,
  /** Console: connections, those that follow events, and usage samples of an app. */
  consoleConnectionsMax: 128,
  consoleFeedsMax: 32,
  consoleSamplesMax: 300,
  /** Console: how often it is asked anew whether somebody who follows still may. */
  consoleRecheckMs: 15_000,
  /** Console: requests in one event, and time between two events with requests. */
  consoleBatchRequestsMax: 500,
  consoleBatchEveryMs: 250,
  /** Console: bytes that wait in one connection before it gets no more. */
  consoleUnreadBytesMax: 1024 * 1024,
  /** Live view: connections to one admin socket; one line of its answers, in characters. */
  adminConnectionsMax: 64,
  adminLineCharsMax: 16 * 1024 * 1024,
  /** Pods whose requests one terminal follows. */
  podsFollowedMax: 100,
  /** Many apps in one process: connections that have asked for something, of all and of one app. */
  hostConnectionsMax: 32_768,
  hostAppConnectionsMax: 8_192,
  /** Many apps: connections that have not said anything; of more the oldest is closed. */
  hostSilentConnectionsMax: 16_384,
  /** Many apps: a head that comes in more pieces is read by a worker, not by who listens. */
  hostHeadPiecesMax: 64,
  /** Many apps: requests of one app on one worker, being answered and waiting; more are refused. */
  hostRequestsActiveMax: 4_096,
  hostRequestsWaitingMax: 1_024,
  /** Many apps: without a request for so long an app is at rest: it gives back its instances but one. */
  hostQuietMs: 10_000,
  /** Allocations of this size and more are mappings of their own: freed, the system has them at once. */
  mappedAllocationBytesMin: 256 * 1024,
  /** Freed bytes at the end of a thread's heap that it keeps. */
  freedHeapBytesMax: 1024 * 1024,
  /** Many apps: one that could not be loaded is tried again when it is asked so long after. */
  hostRetryMs: 5_000,
  /** Many apps: a worker has this long to say what it has counted. */
  hostCountMsMax: 1_000,
  /** Many apps: so many times the series of metrics that one app may have. */
  hostMetricsTimes: 20,
  /** Many apps: requests that ended are told of together, so often. */
  hostRequestsEveryMs: 50,
  /** W3C trace context: length of one tracestate (the specification demands 512 at least). */
  traceStateCharsMax: 1_024,
} as const;

/** Bounds of guests that whoever runs them may set. */
export interface InstanceLimits {
  /** All memories of one instance together, in bytes; growing beyond it fails inside the guest. */
  readonly memoryBytesMax: number;
  /** Instances of one component at the same time. */
  readonly instancesMax: number;
  /** Milliseconds of CPU time that a guest may use before it lets anything else run. */
  readonly cpuMsMax: number;
  /** Milliseconds that one call of a guest may take, however it spends them. */
  readonly callMsMax: number;
  /** Elements of each table of one instance; growing beyond it fails inside the guest. */
  readonly tableElementsMax: number;
  /** Handles that one component instance has at once. */
  readonly handlesMax: number;
}

/** What holds where nothing else is said. */
export const defaultInstanceLimits: InstanceLimits = {
  memoryBytesMax: 4 * 1024 * 1024 * 1024,
  instancesMax: 4096,
  cpuMsMax: 10_000,
  callMsMax: Infinity,
  tableElementsMax: limits.tableElementsMax,
  handlesMax: limits.handlesMax,
};

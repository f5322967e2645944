/** Every bound of the shim with its unit. Checked before anything is allocated. */
export const shimLimits = {
  /** Payload of one ttrpc frame (the protocol's own bound). */
  frameBytesMax: 4 * 1024 * 1024,
  /** Answers that a peer has not yet read; a connection with more is closed. */
  unreadAnswerBytesMax: 16 * 1024 * 1024,
  /** Requests of one connection that are being worked on. */
  requestsPerConnectionMax: 1024,
  /** A call of ours to another ttrpc server, unless it waits for a process to end. */
  callMsMax: 60_000,
  /** config.json of a bundle. */
  configBytesMax: 4 * 1024 * 1024,
  /** What `start` got on its standard input (the stock shim reads no more either). */
  startInputBytesMax: 10 * 1024 * 1024,
  /** Manifest or index of an image. */
  manifestBytesMax: 4 * 1024 * 1024,
  /** An image has this long to be unpacked and prepared. */
  prepareMsMax: 120_000,
  /** Host processes that wait for the next container; each takes the memory of an idle Node. */
  warmHosts: 1,
  /** Another one is started when no container was for this long. */
  refillMs: 500,
  /** Writing the state of first instances may take this long. */
  snapshotMsMax: 10_000,
  /** Images that are kept unpacked and prepared. */
  cachedImagesMax: 200,
  /** What a stock shim prints when it starts. */
  stockOutputBytesMax: 64 * 1024,
  /** A stock shim has this long to start or to clean up. */
  stockMsMax: 30_000,
  /** A stock shim has this long to end after its last container. */
  stockEndMsMax: 2_000,
  /** A pod's namespaces have to be entered within this time. */
  holderMsMax: 10_000,
  /** Output of a guest that its log pipe has not taken; more is dropped, and the log says so. */
  unreadOutputBytesMax: 1024 * 1024,
  /** Events that containerd has not taken yet (it may be down); the oldest are dropped. */
  waitingEventsMax: 10_000,
  /** First and longest pause between attempts to deliver an event. */
  eventRetryMs: { first: 50, longest: 5_000 },
  /** The reason of a failure as a container's termination message (Kubernetes keeps 4096). */
  terminationMessageBytesMax: 4096,
} as const;

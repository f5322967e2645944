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
  /** Name of a pod as containerd writes it into a bundle. */
  podNameBytesMax: 4096,
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
  /** An image whose file system could not be prepared is tried again after this. */
  retryBrokenMs: 60_000,
  /** Sets of layers whose image is remembered. */
  knownLayersMax: 1_000,
  /** What a stock shim prints when it starts. */
  stockOutputBytesMax: 64 * 1024,
  /** The next version of the front has this long to say what it can read. */
  trialMsMax: 20_000,
  /** Requests in work have this long to be answered before a hand-over is given up. */
  quietMsMax: 10_000,
  /** An upgrade is tried again for this long. */
  upgradeMsMax: 300_000,
  /** A stock shim has this long to start or to clean up. */
  stockMsMax: 30_000,
  /** A stock shim has this long to end after its last container. */
  stockEndMsMax: 2_000,
  /** Sockets for datagrams that wait for a guest of a shared host, for each version of IP. */
  waitingDatagramSockets: 4,
  /** Sockets that a shared host may ask for at once. */
  socketsPerRequestMax: 16,
  /** CPU time that a guest of a shared host may use before it lets others run. */
  sharedCpuMsMax: 2_000,
  /** Requests of a shared host begin for so long before it looks at what else has come. */
  sharedTurnMsMax: 0.25,
  /** For so long after a container's start a shared host has at least the share of {@link startCpuShares}. */
  startShareMs: 10_000,
  /** As the kernel gives it to processes of which nobody says anything (cgroup v1's cpu.shares). */
  startCpuShares: 1_024,
  /** A shared host without containers ends after this long. */
  idleSharedHostMs: 30_000,
  /**
   * A container that is told to end and was asked within this time takes requests for as long again:
   * until everybody has heard that its pod is no longer to be asked.
   */
  lastRequestsMs: 2_000,
  /** A shared host that has something to do has this long to show that it lives. */
  silentHostMsMax: 20_000,
  /** A shared host has this long to tell what a container has used; containerd waits for 2 s. */
  usageMsMax: 1_000,
  /** Files that a pod's names are looked up in. */
  resolverFileBytesMax: 64 * 1024,
  /** A name server has this long, and is asked this often. */
  nameServerMsMax: 5_000,
  nameServerTries: 2,
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
  agent: {
    /** containerd is restarted this often for one change of its configuration. */
    restartsMax: 2,
    /** containerd has this long to answer after it was restarted. */
    containerdStartMsMax: 90_000,
    /** What failed and was taken back is tried again after this. */
    retryFailureMs: 3_600_000,
    /** A front that could not be replaced is asked again after this. */
    retryFrontMs: 600_000,
    /** The node is looked at again after this, if nothing has happened. */
    lookMs: 30_000,
    /** First and longest pause after something went wrong. */
    retryMs: { first: 1_000, longest: 60_000 },
    /** Steps from one look to rest; more mean that two programs change the same file. */
    stepsMax: 40,
    /** A call of containerd. */
    callMsMax: 30_000,
    /** A canary has this long to answer, the first one with everything that it starts. */
    canaryMsMax: 60_000,
    /** A canary that does not answer is tried again this often. */
    canaryTriesMax: 3,
    /** A canary that somebody else removed is started again this often. */
    canaryPodsMax: 10,
    /** How long after a canary's failure containerd may still call a pod ready that is being ended. */
    canaryGoneMsMax: 2000,
    /** A configuration file, a template or the agent's journal. */
    fileBytesMax: 4 * 1024 * 1024,
    /** A program that is run on the node. */
    commandMsMax: 330_000,
    /** The front, with everything that it runs, has this long to end. */
    frontEndMsMax: 20_000,
    /** What such a program prints; the rest is not kept. */
    commandOutputBytesMax: 1024 * 1024,
    /** Message of the node's D-Bus. */
    busMessageBytesMax: 1024 * 1024,
    /** Backups of configuration files that are kept. */
    backupsMax: 20,
    /** Images that are known to be prepared, or to be none of ours. */
    knownImagesMax: 10_000,
    /** An image that containerd has not unpacked is looked at again this often, after this pause. */
    unpackedTriesMax: 30,
    unpackedPollMs: 1_000,
    /** A slot is held this long after its owner was last seen. */
    slotMs: 60_000,
    /** Whoever waits for a slot asks this often, more or less. */
    slotPollMs: 5_000,
    /** A request to the API server. */
    apiMsMax: 30_000,
    /** Its answer; a list of nodes is the largest. */
    answerBytesMax: 64 * 1024 * 1024,
    /** A watch is begun anew after this. */
    watchMs: 300_000,
    /** Message of a condition or an event. */
    messageBytesMax: 1024,
  },
} as const;

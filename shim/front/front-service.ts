/** What others ask of a living front; our own service beside containerd's. */
export const frontService = {
  name: "whorl.front.v1.Front",
  /** `delete`: containerd has lost a container. */
  forget: "Forget",
  /** `upgrade`: another program takes over (hand-over.ts). Request and answer are JSON. */
  handOver: "HandOver",
  /** The node's agent: an image has arrived (prepare-request.ts). Request and answer are JSON. */
  prepare: "Prepare",
} as const;

/** Answer of HandOver. */
export interface HandOverAnswer {
  /** Of the front that serves now. */
  readonly version: string;
  readonly pid: number;
}

/** Request of Prepare. */
export interface PrepareRequest {
  /** Path of containerd's socket. */
  readonly address: string;
  readonly namespace: string;
  readonly image: {
    readonly name: string;
    readonly mediaType: string;
    readonly digest: string;
    /** Bytes. */
    readonly size: number;
  };
}

/** Answer of Prepare. */
export type PrepareAnswer =
  /** Also if it was before. */
  | { readonly result: "prepared" }
  /** No app. */
  | { readonly result: "other" }
  /** An ordinary image that containerd has not unpacked yet: nobody knows what is in it. */
  | { readonly result: "packed" }
  | { readonly result: "broken"; readonly reason: string };

/** What others ask of a living front; our own service beside containerd's. */
export const frontService = {
  name: "whorl.front.v1.Front",
  /** `delete`: containerd has lost a container. */
  forget: "Forget",
  /** `upgrade`: another program takes over (hand-over.ts). Request and answer are JSON. */
  handOver: "HandOver",
} as const;

/** Answer of HandOver. */
export interface HandOverAnswer {
  /** Of the front that serves now. */
  readonly version: string;
  readonly pid: number;
}

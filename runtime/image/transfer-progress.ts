import type { Digest } from "./digest.ts";

/** What happens to one blob while an image travels. */
export type TransferEvent =
  | {
      readonly kind: "start";
      readonly digest: Digest;
      readonly mediaType: string;
      readonly sizeBytes: number;
    }
  /** Bytes so far; fewer than before if the transfer had to begin again. */
  | { readonly kind: "progress"; readonly digest: Digest; readonly bytes: number }
  | { readonly kind: "done"; readonly digest: Digest; readonly outcome: TransferOutcome };

export type TransferOutcome =
  /** Its bytes were moved. */
  | "moved"
  /** It was there already. */
  | "present"
  /** The registry took it from another repository of its own. */
  | "mounted";

export type OnTransfer = (event: TransferEvent) => void;

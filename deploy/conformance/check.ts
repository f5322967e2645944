import type { SheetItemId } from "./sheet.ts";
import type { Trial } from "./trial.ts";

/** How a check came out; `remedy` says what to install or change. */
export type Outcome =
  | { readonly status: "passed"; readonly evidence: readonly string[] }
  | {
      readonly status: "failed" | "not applicable";
      readonly evidence: readonly string[];
      readonly remedy: string;
    };

/** One thing that is tried on a cluster. */
export interface Check {
  readonly name: string;
  /** What of the checklist it is evidence for. */
  readonly item: SheetItemId;
  /** What has to hold. */
  readonly claim: string;
  /** Ends processes of the operator: left out with `--gentle`. */
  readonly isDisruptive?: boolean;
  /** Rejects where what has to hold did not come about. */
  run(trial: Trial): Promise<Outcome>;
}

export function passed(...evidence: readonly string[]): Outcome {
  return { status: "passed", evidence };
}

export function failed(evidence: string, remedy: string): Outcome {
  return { status: "failed", evidence: [evidence], remedy };
}

/** The cluster lacks what the check is about. */
export function notApplicable(evidence: string, remedy: string): Outcome {
  return { status: "not applicable", evidence: [evidence], remedy };
}

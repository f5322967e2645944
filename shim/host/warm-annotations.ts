import { parseWarmShares, parseWarmTarget } from "../../runtime/app/warm-settings.ts";
import type { WarmOverride } from "../../runtime/app/warm-settings.ts";
import { ShimError } from "../error.ts";

const requestsAnnotation = "whorl.dev/warm";
const sharesAnnotation = "whorl.dev/warm-shares";

/** What a pod's annotations say about warm-ups, as it stands there. */
export interface WarmAnnotations {
  readonly requests?: string;
  readonly shares?: string;
}

export function warmAnnotations(annotations: ReadonlyMap<string, string>): WarmAnnotations {
  const requests = annotations.get(requestsAnnotation);
  const shares = annotations.get(sharesAnnotation);
  return { ...(requests !== undefined && { requests }), ...(shares !== undefined && { shares }) };
}

/**
 * `whorl.dev/warm`: requests as of `whorl up --warm`, one per line or separated by commas;
 * `whorl.dev/warm-shares`: as of `--warm-shares`. Throws ShimError `invalid_argument`.
 */
export function readWarmAnnotations({ requests = "", shares }: WarmAnnotations): WarmOverride {
  const texts = requests
    .split(/[\n,]/)
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const targets = texts.map((text) => parseWarmTarget(text) ?? refuse(requestsAnnotation, text));
  if (shares === undefined) return { targets };
  return { targets, shares: parseWarmShares(shares) ?? refuse(sharesAnnotation, shares) };
}

function refuse(annotation: string, text: string): never {
  const wanted = annotation === requestsAnnotation ? "/path or COMPONENT=/path" : "random or time";
  throw new ShimError("invalid_argument", `annotation ${annotation}: "${text}"; write ${wanted}`);
}

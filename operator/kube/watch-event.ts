import { OperatorError } from "../error.ts";
import { errorOfStatus } from "./kube-error.ts";
import type { KubeObject } from "./object.ts";

/** One event of a watch. ERROR events never get here: they end the watch with a KubeError. */
export type WatchEvent<T extends KubeObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | {
      readonly type: "BOOKMARK";
      /** The watch can go on from here. */
      readonly resourceVersion: string;
      /** The last of the initial events of a watch list has come. */
      readonly initialEventsEnd: boolean;
    };

const initialEventsEndAnnotation = "k8s.io/initial-events-end";

/**
 * Reads one line of a watch. Throws KubeError for an ERROR event (with its Status) and `protocol`
 * for what is no event.
 */
export function parseWatchEvent<T extends KubeObject>(
  line: string,
  request: string,
): WatchEvent<T> {
  const { type, object } = parseLine(line, request);
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      if (typeof (object as T).metadata?.name !== "string") {
        throw new OperatorError("protocol", `${request}: ${type} event without metadata.name`);
      }
      return { type, object: object as T };
    case "BOOKMARK":
      return bookmark(object as KubeObject, request);
    case "ERROR":
      throw errorOfStatus(object, request);
    default:
      throw new OperatorError("protocol", `${request}: unknown event type ${String(type)}`);
  }
}

function parseLine(line: string, request: string): { type: unknown; object: object } {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new OperatorError("protocol", `${request}: an event of the watch is not JSON`, { cause });
  }
  if (typeof event === "object" && event !== null && "type" in event && "object" in event) {
    const { type, object } = event;
    if (typeof object === "object" && object !== null) return { type, object };
  }
  throw new OperatorError("protocol", `${request}: an event of the watch has no type or object`);
}

function bookmark<T extends KubeObject>(object: KubeObject, request: string): WatchEvent<T> {
  const resourceVersion = object.metadata?.resourceVersion;
  if (resourceVersion === undefined) {
    throw new OperatorError("protocol", `${request}: a bookmark without resourceVersion`);
  }
  const annotation = object.metadata.annotations?.[initialEventsEndAnnotation];
  return { type: "BOOKMARK", resourceVersion, initialEventsEnd: annotation === "true" };
}

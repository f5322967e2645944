import type { VNode } from "preact";
import type { Failure } from "../../runtime/telemetry/admin/console-api.ts";
import { spanText } from "../format/quantities.ts";
import { firstLine, Link, Outside, OutsideLines } from "./text-parts.tsx";

/** Why something failed, and what to do about it. */
export function Why({
  failure,
  isShort = false,
}: {
  readonly failure: Failure;
  /** Only what fits beside other things: the request's own page has the rest. */
  readonly isShort?: boolean;
}): VNode {
  const { code, message, remedy, component, requestId, atMs } = failure;
  return (
    <section class="why" aria-label="Why it failed">
      <h2>
        <span class="is-failed">
          <Outside text={failureTitle(code)} />
        </span>
        <small>
          <code>
            <Outside text={code} />
          </code>{" "}
          in <Outside text={component} />, {spanText(Date.now() - atMs)} ago
        </small>
      </h2>
      <p class="why-remedy">
        <Outside text={remedy} />
        {isShort && requestId !== undefined && (
          <>
            {" "}
            <Link to={{ view: "request", id: requestId }}>See the request</Link>
          </>
        )}
      </p>
      <pre>
        <OutsideLines text={firstLine(message)} />
      </pre>
      {!isShort && <Stack message={message} />}
    </section>
  );
}

/** The further lines of a message. */
function Stack({ message }: { readonly message: string }): VNode | null {
  const rest = message.slice(firstLine(message).length).replace(/^\r?\n/, "");
  if (rest === "") return null;
  return (
    <details class="stack">
      <summary>Where in the guest</summary>
      <pre>
        <OutsideLines text={rest} />
      </pre>
    </details>
  );
}

const titles: Readonly<Record<string, string>> = {
  trap: "The guest broke down",
  limit: "A bound was reached",
  response: "The guest answered with an error",
  no_handler: "Nothing answers this request",
  import_missing: "Something it imports is not there",
  manifest: "The manifest is wrong",
  file: "A file is missing",
  image: "The image is wrong",
  internal: "The guest failed",
  // Reasons of a SpinApp's Ready condition.
  ImagePullFailed: "Its image cannot be had",
  ImageNameInvalid: "Its image has no proper name",
  ConfigurationMissing: "Something it refers to is not there",
  ReferenceMissing: "Something it refers to is not there",
  ContainerNotCreated: "A container cannot be made",
  ContainerNotStarted: "A container does not start",
  AppCrashes: "It ends again and again",
  OutOfMemory: "It used up its memory",
  Unschedulable: "No node has room for it",
  FailedScheduling: "No node has room for it",
  FailedCreatePodSandBox: "The node cannot begin its pod",
  FailedMount: "A volume cannot be mounted",
  FailedAttachVolume: "A volume cannot be attached",
  FailedCreate: "The cluster refuses its pods",
  InvalidSpec: "Its specification is wrong",
  NameTaken: "Its name is taken",
  Refused: "The API server refuses it",
  Forbidden: "The operator may not do what it needs",
  JobFailed: "Its job has failed",
};

function failureTitle(code: string): string {
  return titles[code] ?? "It failed";
}

import type { VNode } from "preact";
import { useMemo, useState } from "preact/hooks";
import type {
  LogLine,
  RequestDetail,
  RequestEntry,
} from "../../runtime/telemetry/admin/console-api.ts";
import { flameLayout, flamePart } from "../charts/flame-layout.ts";
import { clockText, countText, durationQuantity, quantityText } from "../format/quantities.ts";
import { useLoaded } from "../live/use-loaded.ts";
import { usePage } from "../page-context.ts";
import { Problem } from "../parts/problem.tsx";
import { Link, Outside } from "../parts/text-parts.tsx";
import { Why } from "../parts/why.tsx";
import { Flame } from "./flame.tsx";
import { methodText } from "./request-row.tsx";
import { SpanTable } from "./span-table.tsx";

/** One request: what was answered, why it failed, where its time went, what the guest wrote. */
export function RequestView({ id }: { readonly id: string }): VNode {
  const { client, lastFilters } = usePage();
  const { value, problem } = useLoaded(id, (signal) => client.request(id, signal), "once");
  return (
    <>
      <Link class="crumb" to={{ view: "requests", filters: lastFilters() }}>
        ← All requests
      </Link>
      <h1 tabIndex={-1} class="request-title">
        {value === undefined ? (
          `Request ${id}`
        ) : (
          <>
            <span class="faint">
              <Outside text={methodText(value.request)} />
            </span>{" "}
            <Outside text={value.request.path} />
          </>
        )}
      </h1>
      {problem !== undefined && <RequestProblem isGone={problem.code === "not_found"} />}
      {problem !== undefined && problem.code !== "not_found" && (
        <Problem problem={problem} what="this request" isStale={value !== undefined} />
      )}
      {value !== undefined && <RequestBody detail={value} />}
    </>
  );
}

function RequestProblem({ isGone }: { readonly isGone: boolean }): VNode | null {
  if (!isGone) return null;
  return (
    <p class="lead" role="status">
      It is not kept any more: only the newest requests are, and those that failed for longer.
    </p>
  );
}

function RequestBody({ detail }: { readonly detail: RequestDetail }): VNode {
  const { request, failure, spans, spansLost, lines, linesLost } = detail;
  const layout = useMemo(() => flameLayout(spans), [spans]);
  const [pointed, onPoint] = useState<string>();
  const [chosen, choose] = useState<string>();
  const onChoose = (id: string): void => choose(id === chosen ? undefined : id);
  const part = flamePart(layout, chosen);
  const written = { lines, lost: linesLost, beganMs: request.atMs };
  return (
    <>
      <p class="lead">{answerText(request)}</p>
      {failure !== undefined && <Why failure={failure} />}
      {failure !== undefined && lines.length > 0 && <Lines {...written} />}
      <section class="section" aria-label="Where the time went">
        <Flame {...{ layout, part, pointed, onPoint, onChoose }} isCold={request.isCold} />
        <SpanTable {...{ layout, pointed, chosen, onPoint, onChoose }} />
        {spansLost > 0 && (
          <p class="faint more-line">{countText(spansLost)} more calls were not kept.</p>
        )}
      </section>
      <div class="columns">
        <Facts request={request} />
        {(failure === undefined || lines.length === 0) && <Lines {...written} />}
      </div>
    </>
  );
}

function answerText(request: RequestEntry): string {
  const { status, durationMs, isCold, start, error } = request;
  const took = quantityText(durationQuantity(durationMs));
  const answer = status > 0 ? `Answered ${status}` : error === undefined ? "Done" : "No answer";
  const begun = isCold
    ? "on an instance made for it"
    : start === undefined
      ? "without an instance"
      : "on an instance that was ready";
  return `${answer} after ${took}, ${begun}.`;
}

function Lines({
  lines,
  lost,
  beganMs,
}: {
  readonly lines: readonly LogLine[];
  readonly lost: number;
  readonly beganMs: number;
}): VNode {
  return (
    <section class="section">
      <header>
        <h2>What the guest wrote</h2>
      </header>
      {lines.length === 0 && <p class="list-none">Nothing.</p>}
      <ol class="log-lines mono">
        {lines.map(({ atMs, stream, text }, at) => (
          <li key={at}>
            <span class={stream === "stderr" ? "is-near" : "faint"}>
              {stream} +{Math.max(0, Math.round(atMs - beganMs))} ms
            </span>
            <span class="log-text">
              <Outside text={text} />
            </span>
          </li>
        ))}
      </ol>
      {lost > 0 && <p class="faint more-line">{countText(lost)} more lines were not kept.</p>}
    </section>
  );
}

function Facts({ request }: { readonly request: RequestEntry }): VNode {
  const { app, component, route, atMs, trigger, start, traceId, queueMs, takeMs } = request;
  const facts: readonly (readonly [string, VNode | string])[] = [
    [
      "App",
      <Link key={app} to={{ view: "app", id: app }}>
        <Outside text={app} />
      </Link>,
    ],
    ["Component", <Outside key={component} text={component} />],
    ["Trigger", trigger],
    ["Route", <Outside key={route} text={route} />],
    ["Began", clockText(atMs)],
    ["Waited", quantityText(durationQuantity(queueMs))],
    ["Instance", `${start ?? "none"}, after ${quantityText(durationQuantity(takeMs))}`],
    [
      "Trace",
      traceId === "" ? (
        ""
      ) : (
        <Link key={traceId} to={{ view: "requests", filters: { traceId } }}>
          <Outside text={traceId} />
        </Link>
      ),
    ],
  ];
  return (
    <section class="section">
      <header>
        <h2>The request</h2>
      </header>
      <dl class="facts">
        {facts
          .filter(([, value]) => value !== "")
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class={name === "Trace" ? "mono" : ""}>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

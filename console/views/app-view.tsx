import type { VNode } from "preact";
import type {
  AppDetail,
  AppSummary,
  Failure,
  Trigger,
} from "../../runtime/telemetry/admin/console-api.ts";
import { healthWords } from "../format/headline.ts";
import {
  bytesQuantity,
  countText,
  durationQuantity,
  quantityText,
  rateText,
  spanText,
} from "../format/quantities.ts";
import { useLoaded } from "../live/use-loaded.ts";
import { usePage } from "../page-context.ts";
import { HealthGlyph } from "../parts/health-glyph.tsx";
import { Problem } from "../parts/problem.tsx";
import { Meter } from "../parts/small-charts.tsx";
import { Figure, firstLine, Link, Outside } from "../parts/text-parts.tsx";
import { Why } from "../parts/why.tsx";
import { AppCharts } from "./app-charts.tsx";
import { Conditions, Containers, NoFigures, WorkloadLine } from "./workload-parts.tsx";

const everyMs = 2_000;

/** One app: how it is, why not, what it is made of. */
export function AppView({
  id,
  isOnly = false,
}: {
  readonly id: string;
  /** There is no list of apps to go back to. */
  readonly isOnly?: boolean;
}): VNode {
  const { client } = usePage();
  const { value: app, problem } = useLoaded(id, (signal) => client.app(id, signal), everyMs);
  return (
    <>
      {!isOnly && (
        <Link class="crumb" to={{ view: "apps" }}>
          ← All apps
        </Link>
      )}
      <div class="title-row">
        {app !== undefined && <HealthGlyph health={app.health} size={24} />}
        <h1 tabIndex={-1}>
          <Outside text={app?.id ?? id} />
        </h1>
      </div>
      {problem !== undefined && (
        <Problem problem={problem} what="this app" isStale={app !== undefined} />
      )}
      {app !== undefined && <AppBody app={app} />}
    </>
  );
}

function AppBody({ app }: { readonly app: AppDetail }): VNode {
  const [newest] = app.failures;
  const isTroubled = app.health === "failing" || app.health === "degraded";
  return (
    <>
      <p class="lead">
        <HealthSentence app={app} />{" "}
        {app.url !== undefined && (
          <a href={webAddress(app.url)} target="_blank" rel="noreferrer">
            <Outside text={app.url} />
          </a>
        )}
      </p>
      <About app={app} />
      <WorkloadLine app={app} />
      {isTroubled && newest !== undefined && <Why failure={newest} isShort />}
      {app.warnings.length > 0 && <Warnings warnings={app.warnings} />}
      {app.workload === undefined ? <Served app={app} /> : <Deployed app={app} />}
    </>
  );
}

/** What is known of an app by who runs it. */
function Served({ app }: { readonly app: AppDetail }): VNode {
  return (
    <>
      <section class="section" aria-label="Charts">
        <AppCharts app={app} />
      </section>
      <Components app={app} />
      <div class="columns">
        <Triggers triggers={app.triggers} />
        <Failures app={app} />
      </div>
    </>
  );
}

/** What is known of an app in a cluster. */
function Deployed({ app }: { readonly app: AppDetail }): VNode {
  return (
    <>
      <Conditions app={app} />
      <div class="columns">
        <Containers app={app} />
        <Failures app={app} />
      </div>
      <NoFigures what="requests of an app" />
    </>
  );
}

function HealthSentence({ app }: { readonly app: AppDetail }): VNode {
  const { health, healthReason, usage } = app;
  const word = healthWords[health];
  const head = `${word[0]?.toUpperCase() ?? ""}${word.slice(1)}`;
  const reason = healthReason === "" ? usageText(usage) : healthReason;
  const sentence = reason === "" ? head : `${head}: ${reason}`;
  return <Outside text={sentence.endsWith(".") ? sentence : `${sentence}.`} />;
}

function usageText({ requestsPerSecond, p99Ms }: AppSummary["usage"]): string {
  if (requestsPerSecond === 0 || p99Ms === undefined) return "";
  const rate = `${rateText(requestsPerSecond)} requests a second`;
  return `${rate}, 99 of 100 within ${quantityText(durationQuantity(p99Ms))}`;
}

/** What it says of itself. */
function About({ app }: { readonly app: AppDetail }): VNode | null {
  const { description, version } = app;
  if (description === undefined && version === undefined) return null;
  return (
    <p class="about faint">
      {description !== undefined && <Outside text={description} />}
      {version !== undefined && (
        <span class="version">
          {" "}
          version <Outside text={version} />
        </span>
      )}
    </p>
  );
}

/** Only addresses of the web become links. */
function webAddress(url: string): string {
  return /^https?:\/\//.test(url) ? url : "#";
}

function Warnings({ warnings }: { readonly warnings: readonly string[] }): VNode {
  return (
    <ul class="warnings" aria-label="Warnings">
      {warnings.map((warning) => (
        <li key={warning}>
          <Outside text={warning} />
        </li>
      ))}
    </ul>
  );
}

function Components({ app }: { readonly app: AppDetail }): VNode {
  return (
    <section class="section">
      <header>
        <h2>Components</h2>
        <span class="end">
          <Link to={{ view: "requests", filters: { app: app.id } }}>Its requests, live</Link>
        </span>
      </header>
      <div class="scroll-x">
        <table class="plain-table" aria-label="Components">
          <thead>
            <tr>
              <th scope="col">Component</th>
              {["Requests/s", "Failing/s", "p50", "p99", "Busy"].map((text) => (
                <th key={text} scope="col" class="right">
                  {text}
                </th>
              ))}
              <th scope="col">Memory of its guests</th>
              <th scope="col" class="right">
                Cold starts
              </th>
              <th scope="col" class="right">
                Bounds hit
              </th>
            </tr>
          </thead>
          <tbody>
            {app.components.map(({ id, source, usage }) => (
              <tr key={id}>
                <td>
                  <b>
                    <Outside text={id} />
                  </b>
                  <br />
                  <small class="faint mono">
                    <Outside text={source ?? ""} />
                  </small>
                </td>
                <UsageCells usage={usage} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function UsageCells({ usage }: { readonly usage: AppSummary["usage"] }): VNode {
  const { memoryBytes, memoryLimitBytes, errorsPerSecond, limitHitsTotal } = usage;
  const share =
    memoryBytes === undefined || memoryLimitBytes === undefined
      ? undefined
      : memoryBytes / memoryLimitBytes;
  return (
    <>
      <td class="right">{rateText(usage.requestsPerSecond)}</td>
      <td class={`right${errorsPerSecond > 0 ? " is-failed" : ""}`}>{rateText(errorsPerSecond)}</td>
      <td class="right">
        <Figure of={durationQuantity(usage.p50Ms)} />
      </td>
      <td class="right">
        <Figure of={durationQuantity(usage.p99Ms)} />
      </td>
      <td class="right">{usage.busyInstances ?? usage.inFlight}</td>
      <td class="memory-cell">
        <Figure of={bytesQuantity(memoryBytes)} />
        {memoryLimitBytes !== undefined && (
          <span class="faint">
            {" of "}
            <Figure of={bytesQuantity(memoryLimitBytes)} />
          </span>
        )}
        <Meter share={share} />
      </td>
      <td class="right">{countText(usage.coldStartsTotal)}</td>
      <td class={`right${limitHitsTotal > 0 ? " is-near" : ""}`}>{countText(limitHitsTotal)}</td>
    </>
  );
}

const triggerWords: Readonly<Record<Trigger["kind"], string>> = {
  http: "HTTP",
  redis: "Redis",
  mqtt: "MQTT",
  sqs: "SQS",
  cron: "Time",
  command: "Command",
};

function Triggers({ triggers }: { readonly triggers: readonly Trigger[] }): VNode {
  return (
    <section class="section">
      <header>
        <h2>What calls it</h2>
      </header>
      <table class="plain-table" aria-label="What calls it">
        <thead class="unseen">
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Route, channel or time</th>
            <th scope="col">Component</th>
          </tr>
        </thead>
        <tbody>
          {triggers.map(({ kind, id, source, component }) => (
            <tr key={`${kind} ${id}`}>
              <td class="faint">{triggerWords[kind]}</td>
              <td class="mono">
                <Outside text={source ?? "private"} />
              </td>
              <td>
                <Outside text={component ?? "static answer"} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const failuresShown = 12;

function Failures({ app }: { readonly app: AppDetail }): VNode {
  return (
    <section class="section">
      <header>
        <h2>Failures</h2>
        {app.failures.length > 0 && app.workload === undefined && (
          <span class="end">
            <Link to={{ view: "requests", filters: { app: app.id, errors: "true" } }}>
              Failing requests
            </Link>
          </span>
        )}
      </header>
      {app.failures.length === 0 ? (
        <p class="list-none">
          {app.workload === undefined ? "None since it was started." : "None."}
        </p>
      ) : (
        <table class="plain-table" aria-label="Failures">
          <tbody>
            {app.failures.slice(0, failuresShown).map((failure, at) => (
              <FailureRow key={`${failure.atMs} ${at}`} failure={failure} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function FailureRow({ failure }: { readonly failure: Failure }): VNode {
  const { code, message, atMs, requestId } = failure;
  const words = <Outside text={firstLine(message)} />;
  return (
    <tr>
      <td class="is-failed mono failure-code">
        <Outside text={code} />
      </td>
      <td>
        {requestId === undefined ? (
          words
        ) : (
          <Link to={{ view: "request", id: requestId }}>{words}</Link>
        )}
      </td>
      <td class="right faint">{spanText(Date.now() - atMs)} ago</td>
    </tr>
  );
}

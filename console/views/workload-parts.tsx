import type { VNode } from "preact";
import type { AppDetail } from "../../runtime/telemetry/admin/console-api.ts";
import { spanText } from "../format/quantities.ts";
import { ContainerGlyph } from "../parts/container-glyph.tsx";
import { Outside } from "../parts/text-parts.tsx";
import { podsText } from "./workload-row.tsx";

/** What runs an app in a cluster, in a line. */
export function WorkloadLine({ app }: { readonly app: AppDetail }): VNode | null {
  const { workload } = app;
  if (workload === undefined) return null;
  const { kind, executor } = workload;
  return (
    <p class="about faint">
      {kind === undefined ? "Run" : `A ${kind}, run`} by <Outside text={executor} />
      {kind === "Deployment" && `: ${podsText(workload)} pods ready`}
    </p>
  );
}

/** Why there are no figures: who reads the API server sees no requests. */
export function NoFigures({ what }: { readonly what: string }): VNode {
  return (
    <p class="list-none">
      The console of a cluster knows no {what}: it shows what the API server says. Live requests,
      charts and where their time goes are in <code>whorl up --console</code>; of a cluster they are
      in its metrics (Prometheus) and traces (OpenTelemetry).
    </p>
  );
}

/** What is in the pods of an app: Wasm functions beside ordinary containers. */
export function Containers({ app }: { readonly app: AppDetail }): VNode {
  return (
    <section class="section">
      <header>
        <h2>In each of its pods</h2>
      </header>
      <table class="plain-table" aria-label="Containers">
        <thead class="unseen">
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Name</th>
            <th scope="col">Image</th>
          </tr>
        </thead>
        <tbody>
          {app.components.map(({ id, kind = "container", source = "" }) => (
            <tr key={id}>
              <td class="faint">
                <span class="app-name">
                  <ContainerGlyph kind={kind} share={undefined} size={18} />
                  {kind === "wasm" ? "Wasm function" : "container"}
                </span>
              </td>
              <td>
                <b>
                  <Outside text={id} />
                </b>
              </td>
              <td class="mono">
                <Outside text={source} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** What the operator says about an app, as `kubectl describe` does. */
export function Conditions({ app }: { readonly app: AppDetail }): VNode {
  const conditions = app.conditions ?? [];
  return (
    <section class="section">
      <header>
        <h2>Conditions</h2>
      </header>
      {conditions.length === 0 ? (
        <p class="list-none">The operator has not said anything yet.</p>
      ) : (
        <table class="plain-table conditions" aria-label="Conditions">
          <thead class="unseen">
            <tr>
              <th scope="col">Condition</th>
              <th scope="col">Holds</th>
              <th scope="col">Why</th>
              <th scope="col">Since</th>
            </tr>
          </thead>
          <tbody>
            {conditions.map(({ type, status, reason, message, sinceMs }) => (
              <tr key={type}>
                <td>
                  <Outside text={type} />
                </td>
                <td class={type === "Ready" && status === "False" ? "is-failed" : "faint"}>
                  {status}
                </td>
                <td>
                  <span class="mono">
                    <Outside text={reason} />
                  </span>
                  <br />
                  <Outside text={message} />
                </td>
                <td class="right faint">{spanText(Date.now() - sinceMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

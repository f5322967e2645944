import type { VNode } from "preact";
import type {
  Pod,
  PodContainer,
  PodMap,
  PodNode,
} from "../../runtime/telemetry/admin/console-api.ts";
import { bytesQuantity, countText, quantityText } from "../format/quantities.ts";
import { useLoaded } from "../live/use-loaded.ts";
import { usePage } from "../page-context.ts";
import { ContainerGlyph } from "../parts/container-glyph.tsx";
import { Problem } from "../parts/problem.tsx";
import { Link, Outside } from "../parts/text-parts.tsx";

const everyMs = 5_000;

/** The pods of each node, and what is in them: Wasm functions beside ordinary containers. */
export function PodsView(): VNode {
  const { client, fleet } = usePage();
  const hasPods = fleet.info?.scope !== "process";
  const { value, problem } = useLoaded("pods", (signal) => client.pods(signal), everyMs);
  const nodes = value?.nodes ?? [];
  return (
    <>
      <h1 tabIndex={-1}>Pods</h1>
      {problem !== undefined && (
        <Problem problem={problem} what="the pods" isStale={value !== undefined} />
      )}
      {value === undefined && problem === undefined && <p class="lead">Asking for the pods …</p>}
      {value !== undefined && <p class="lead">{leadText(value, hasPods)}</p>}
      {nodes.length > 0 && <Legend hasMemory={fleet.knowsRequests} />}
      {nodes.map((node) => (
        <Node key={node.name} node={node} />
      ))}
    </>
  );
}

function leadText({ nodes, total }: PodMap, hasPods: boolean): string {
  if (!hasPods) return "There are no pods where one process serves everything.";
  if (nodes.length === 0) return "There are no pods of apps that you may see.";
  const pods = nodes.flatMap((node) => node.pods);
  const containers = pods.flatMap((pod) => pod.containers);
  const wasm = containers.filter(({ kind }) => kind === "wasm").length;
  const unwell = pods.filter((pod) => !isWell(pod)).length;
  const state = unwell === 0 ? "all of them ready" : `${countText(unwell)} not ready`;
  const places = nodes.filter(({ name }) => name !== "").length;
  const count = total === undefined ? counted(pods.length, "pod") : shownOf(pods.length, total);
  return (
    `${count} on ${counted(places, "node")}, ${state}: ` +
    `${counted(wasm, "Wasm function")} beside ${counted(containers.length - wasm, "container")}.`
  );
}

function shownOf(shown: number, total: number): string {
  return `${countText(shown)} of ${countText(total)} pods, those not ready first,`;
}

function counted(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function isWell({ isReady, phase }: Pod): boolean {
  return isReady || phase === "Succeeded";
}

function Legend({ hasMemory }: { readonly hasMemory: boolean }): VNode {
  return (
    <p class="legend pods-legend">
      <span>
        <ContainerGlyph kind="wasm" share={0.5} size={18} /> Wasm function
      </span>
      <span>
        <ContainerGlyph kind="container" share={0.5} size={18} /> container
      </span>
      {hasMemory && <span>filled as far as its memory is used</span>}
    </p>
  );
}

function Node({ node: { name, isReady, pods } }: { readonly node: PodNode }): VNode {
  return (
    <section class="node">
      <header>
        <h2>{name === "" ? "Not on a node yet" : <Outside text={name} />}</h2>
        {isReady !== undefined && (
          <span class={isReady ? "faint" : "is-failed"}>{isReady ? "ready" : "not ready"}</span>
        )}
        <span class="faint end">{counted(pods.length, "pod")}</span>
      </header>
      <ul class="pods">
        {pods.map((pod) => (
          <PodCard key={`${pod.namespace}/${pod.name}`} pod={pod} />
        ))}
      </ul>
    </section>
  );
}

function PodCard({ pod }: { readonly pod: Pod }): VNode {
  const { name, namespace, app, phase, reason, containers } = pod;
  const words = <Outside text={name} />;
  return (
    <li class="pod">
      <h3>{app === undefined ? words : <Link to={{ view: "app", id: app }}>{words}</Link>}</h3>
      <p class="pod-state">
        <Outside text={namespace} />
        {", "}
        <span class={isWell(pod) ? "" : "is-failed"}>
          {phase.toLowerCase()}
          {phase === "Running" && !pod.isReady && ", not ready"}
          {reason !== "" && (
            <>
              : <Outside text={reason} />
            </>
          )}
        </span>
      </p>
      <ul class="containers">
        {containers.map((container) => (
          <Container key={container.name} container={container} />
        ))}
      </ul>
    </li>
  );
}

function Container({ container }: { readonly container: PodContainer }): VNode {
  const { name, kind, memoryBytes, memoryLimitBytes, isReady, state } = container;
  const share =
    memoryBytes === undefined || memoryLimitBytes === undefined
      ? undefined
      : memoryBytes / memoryLimitBytes;
  return (
    <li>
      <ContainerGlyph kind={kind} share={share} isFailed={!isReady && state !== "terminated"} />
      <span>
        <Outside text={name} />{" "}
        <span class="faint">{kind === "wasm" ? "Wasm function" : "container"}</span>
        <small class="clip" title={container.message ?? container.image}>
          <Outside text={stateText(container)} />
        </small>
      </span>
    </li>
  );
}

function stateText(container: PodContainer): string {
  const { state, reason, restarts, image } = container;
  const parts = [
    state === "running" ? undefined : (reason ?? state),
    restarts === 0 ? undefined : counted(restarts, "restart"),
    memoryText(container),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? image : parts.join(", ");
}

function memoryText({ memoryBytes, memoryLimitBytes }: PodContainer): string | undefined {
  if (memoryBytes === undefined) return undefined;
  const used = quantityText(bytesQuantity(memoryBytes));
  if (memoryLimitBytes === undefined) return used;
  return `${used} of ${quantityText(bytesQuantity(memoryLimitBytes))}`;
}

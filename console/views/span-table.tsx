import type { VNode } from "preact";
import type { FlameSpan } from "../../runtime/telemetry/admin/console-api.ts";
import type { FlameLayout } from "../charts/flame-layout.ts";
import { durationQuantity } from "../format/quantities.ts";
import { percent } from "../parts/small-charts.tsx";
import { Figure, firstLine, Outside } from "../parts/text-parts.tsx";

interface SpanTableProps {
  readonly layout: FlameLayout;
  readonly pointed: string | undefined;
  /** The one that is seen alone. */
  readonly chosen: string | undefined;
  onPoint(id: string | undefined): void;
  onChoose(id: string): void;
}

/** The spans in words, each with what it says of itself. */
export function SpanTable({ layout, pointed, chosen, onPoint, onChoose }: SpanTableProps): VNode {
  return (
    <div class="scroll-x">
      <table class="plain-table spans" onPointerLeave={() => onPoint(undefined)}>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Kind</th>
            <th scope="col" class="right">
              After
            </th>
            <th scope="col" class="right">
              Took
            </th>
            <th scope="col" class="right">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {layout.placed.map(({ span, depth, width }) => (
            <tr
              key={span.id}
              class={span.id === pointed ? "is-on" : ""}
              onPointerEnter={() => onPoint(span.id)}
            >
              <td style={{ "--depth": depth }}>
                <button
                  type="button"
                  class="span-name"
                  aria-pressed={span.id === chosen}
                  onClick={() => onChoose(span.id)}
                  onFocus={() => onPoint(span.id)}
                >
                  <Outside text={span.name} />
                </button>
                <Attributes span={span} />
              </td>
              <td class="faint">{kindWords[span.kind]}</td>
              <td class="right">
                <Figure of={durationQuantity(Math.max(0, span.startMs))} />
              </td>
              <td class="right">
                <Figure of={durationQuantity(span.durationMs)} />
              </td>
              <td class="right faint">{percent(Math.round(width * 1000) / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const kindWords: Readonly<Record<FlameSpan["kind"], string>> = {
  request: "the whole request",
  queue: "waiting for its turn",
  instance: "having an instance",
  guest: "the guest's code",
  "host-call": "done for the guest",
  outbound: "request of the guest",
  reset: "putting it back",
  "guest-span": "told by the guest",
};

function Attributes({ span: { attributes, error } }: { readonly span: FlameSpan }): VNode | null {
  if (attributes.length === 0 && error === undefined) return null;
  return (
    <dl class="attributes">
      {error !== undefined && (
        <div class="is-failed">
          <dt>error</dt>
          <dd>
            <Outside text={firstLine(error)} />
          </dd>
        </div>
      )}
      {attributes.map(([name, value]) => (
        <div key={name}>
          <dt>
            <Outside text={name} />
          </dt>
          <dd>
            <Outside text={String(value)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

import type { GuestScope } from "../guest-telemetry.ts";
import type { Attributes } from "../trace/span-record.ts";
import { boundedText, guestAttributes, otlpAttributes } from "./otlp-values.ts";
import type { OtlpAttribute } from "./otlp-values.ts";

/** Who made a span, metric or record. */
export interface OtlpScope {
  readonly name: string;
  readonly version: string;
  readonly attributes: readonly OtlpAttribute[];
}

/** The host's own. */
export function hostScope(version: string): OtlpScope {
  return { name: "whorl", version, attributes: [] };
}

export function guestScope(component: string, scope: GuestScope | undefined): OtlpScope {
  const own = { key: "component_id", value: { stringValue: component } };
  return {
    name: boundedText(scope?.name ?? component),
    version: boundedText(scope?.version ?? ""),
    attributes: [own, ...guestAttributes(scope?.attributes ?? [])],
  };
}

/** Scopes with what they made, in the order in which they were first seen. */
export function groupByScope<T>(
  items: readonly { readonly scope: OtlpScope; readonly item: T }[],
): { readonly scope: OtlpScope; readonly items: T[] }[] {
  const groups = new Map<string, { readonly scope: OtlpScope; readonly items: T[] }>();
  const keys = new Map<OtlpScope, string>();
  for (const { scope, item } of items) {
    let key = keys.get(scope);
    if (key === undefined) keys.set(scope, (key = JSON.stringify(scope)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { scope, items: [item] });
    else group.items.push(item);
  }
  return [...groups.values()];
}

/** What the process is, for every export. */
export function otlpResource(attributes: Attributes): { readonly attributes: OtlpAttribute[] } {
  return { attributes: otlpAttributes(attributes) };
}

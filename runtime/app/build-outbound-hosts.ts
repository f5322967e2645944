import { WhorlError } from "../error.ts";
import type { AppVariable } from "./app.ts";
import { checkTemplate } from "./build-variables.ts";
import type { ManifestContext } from "./manifest-context.ts";
import type { ManifestComponent } from "./manifest.ts";
import { isSwitchedOff, parseOutboundHost } from "./outbound-hosts.ts";
import type { Position } from "./toml-document.ts";

/** What the components of one app share. */
export interface ComponentSurroundings {
  readonly variables: ReadonlyMap<string, AppVariable>;
  readonly componentIds: readonly string[];
}

interface HostEntry {
  readonly text: string;
  readonly at: Position;
}

/** Checks the hosts that a component may reach; mistakes go to the context's problems. */
export function buildOutboundHosts(
  table: ManifestComponent,
  surroundings: ComponentSurroundings,
  context: ManifestContext,
): string[] {
  const hosts = table.allowed_outbound_hosts ?? [];
  const legacyHosts = table.allowed_http_hosts ?? [];
  const entries: HostEntry[] = [
    ...hosts.map((text, index) => ({ text, at: context.positions.valueAt(hosts, index) })),
    ...legacyHosts.flatMap((host, index) => {
      const at = context.positions.valueAt(legacyHosts, index);
      return convertHttpHost(host).map((text) => ({ text, at }));
    }),
  ];
  return entries.flatMap((entry) => checkedOutboundHost(entry, surroundings, context));
}

/** All hosts of a component as they are written, the deprecated key's in the form of the other. */
export function writtenOutboundHosts({
  allowed_outbound_hosts: hosts = [],
  allowed_http_hosts: legacyHosts = [],
}: ManifestComponent): string[] {
  return [...hosts, ...legacyHosts.flatMap(convertHttpHost)];
}

/** The key before allowed_outbound_hosts had hosts without a scheme. */
function convertHttpHost(host: string): string[] {
  if (host === "insecure:allow-all") return ["http://*:*", "https://*:*", "http://self"];
  return host.includes("://") ? [host] : [`http://${host}`, `https://${host}`];
}

function checkedOutboundHost(
  entry: HostEntry,
  { variables, componentIds }: ComponentSurroundings,
  context: ManifestContext,
): string[] {
  const checked = checkTemplate(entry, variables, context);
  if (checked === false) return [];
  const isTemplate = entry.text.includes("{{");
  const { sample } = checked;
  if (sample !== undefined && !(isTemplate && isSwitchedOff(sample))) {
    try {
      parseOutboundHost(sample);
    } catch (error) {
      if (!(error instanceof WhorlError)) throw error;
      context.problems.add("manifest", entry.at, error.message);
      return [];
    }
  }
  if (!entry.text.includes("://*.spin.internal")) return [entry.text];
  return componentIds.map((id) => entry.text.replace("://*.", `://${id}.`));
}

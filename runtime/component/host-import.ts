import type { LinkContext } from "./link-context.ts";
import { interfaceTrack } from "./version-track.ts";

/** Something that the host will provide. */
export interface HostSource {
  readonly kind: "host";
  readonly interfaceName: string | undefined;
  readonly name: string;
  /** The component that imports it, where several are composed. */
  readonly importer?: Importer | undefined;
}

/** One of the components that are composed. */
export interface Importer {
  /** Told apart from others where resource types are. */
  readonly index: number;
  /** Names without versions of interfaces that it may not use. */
  readonly denied: ReadonlySet<string>;
}

/** One type for all components that import it, where several are composed. */
export function importResource(context: LinkContext, source: HostSource): number {
  const { interfaceName, name, importer } = source;
  if (importer === undefined) return addResource(context, source);
  // What is denied is never made, and nobody else's can be passed off as it.
  const owner = isDenied(source) ? importer.index : "";
  const key = JSON.stringify([owner, interfaceTrack(interfaceName ?? ""), name]);
  const known = context.sharedResources.get(key);
  if (known !== undefined) return known;
  const resource = addResource(context, source);
  context.sharedResources.set(key, resource);
  return resource;
}

/** The resource and its import refer to each other. */
function addResource({ plan }: LinkContext, source: HostSource): number {
  const { interfaceName, name } = source;
  const resource = plan.addResource({ kind: "import", import: plan.importCount });
  const denied = isDenied(source) && ({ denied: true } as const);
  plan.addImport({ kind: "resource", interfaceName, name, ...denied, resource });
  return resource;
}

/** Whether the component that imports it may not use it. */
export function isDenied({ interfaceName, importer }: HostSource): boolean {
  if (importer === undefined || interfaceName === undefined) return false;
  return importer.denied.has(interfaceName.split("@", 1)[0] ?? "");
}

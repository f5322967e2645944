import { hash } from "node:crypto";
import { type Composition, composeComponents } from "../component/compose.ts";
import { linkComponent } from "../component/link.ts";
import type { Plan } from "../component/plan.ts";
import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { CacheEntry } from "./cache-entry.ts";
import { checkModules, compileModules } from "./compile-module.ts";
import type { HostImports } from "./interruptible-module.ts";
import { compositionDigest, withParts } from "./composition-parts.ts";
import { isCoreModule } from "./module-kind.ts";
import type { PrepareCache } from "./prepare-cache.ts";
import { type ResetProof, type RewriteOptions, proveReset } from "./reset-proof.ts";
import { type SavedSnapshot, savedSnapshot, snapshotEntry } from "./saved-snapshot.ts";

/** What is done once per component: decoded, validated, linked, its core modules compiled. */
export interface PreparedComponent {
  readonly plan: Plan;
  /** By index of Plan.modules. */
  readonly modules: readonly WebAssembly.Module[];
  /**
   * The same modules, but leaving their memories alone when they are instantiated, for instances
   * that begin with a snapshot; undefined where that is not worth it or not possible.
   */
  readonly bareModules?: readonly WebAssembly.Module[] | undefined;
  /** Whether an instance can be put back to where it began, and how. */
  readonly reset: ResetProof;
  /**
   * By index of Plan.modules: what it imports from the host beside what the plan says; undefined
   * for a module that is as it was.
   */
  readonly host: readonly (HostImports | undefined)[];
  /** The state of a new instance, where an earlier process has kept it. */
  readonly snapshot?: SavedSnapshot | undefined;
  /** `modules` are the bare ones: instances have to be filled from `snapshot`. */
  readonly isBare?: boolean;
  /** Settles when a cache holds what there was to keep; does not fail. */
  readonly kept?: Promise<void> | undefined;
  /** Keeps that state for later processes; does not fail. */
  saveSnapshot?(snapshot: SavedSnapshot): Promise<void>;
}

export interface PrepareOptions {
  /** Where to keep what can be kept; without it everything is done anew. */
  readonly cache?: PrepareCache | undefined;
  /** SHA-256 of the bytes in hexadecimal, where it is known already; not of a composition. */
  readonly digest?: string | undefined;
  /**
   * Whether guests can be stopped in the middle of their work and have their memories bounded,
   * where their modules allow it; true by default. Costs a look at memory in every round of a loop.
   */
  readonly isInterruptible?: boolean | undefined;
  /** Refuses a component whose modules do not allow it: a limit would not hold. */
  readonly needsBounds?: boolean | undefined;
  /** Elements that each table may have, where guests can be stopped; that of limits.ts by default. */
  readonly tableElementsMax?: number | undefined;
  /**
   * What instances are warmed up with, as a name for it: snapshots after different requests are
   * different ones, and none is that of a new instance.
   */
  readonly warm?: string | undefined;
}

/** Everything of a prepared component that does not depend on the process. */
interface Sources {
  readonly plan: Plan;
  readonly modules: readonly Uint8Array<ArrayBuffer>[];
  readonly bareModules: readonly Uint8Array<ArrayBuffer>[] | undefined;
  readonly reset: ResetProof;
  readonly host: PreparedComponent["host"];
}

const noBytes = new Uint8Array(0);

/** Where the entries of one component are kept. */
interface CachePlace {
  readonly cache: PrepareCache;
  readonly key: string;
  readonly kinds: EntryKinds;
}

/**
 * Kinds of cache entries: what is known before the first instance, and what replaces it as soon as
 * there is a snapshot of one.
 */
interface EntryKinds {
  readonly prepared: string;
  readonly ready: string;
}

function entryKinds({ isInterruptible, tableElementsMax, warm }: PrepareOptions): EntryKinds {
  const tables = tableElementsMax === limits.tableElementsMax ? "" : `-tables-${tableElementsMax}`;
  const rewrite = isInterruptible === false ? "-plain" : tables;
  const warmth = warm === undefined ? "" : `-warm-${hash("sha256", warm).slice(0, 16)}`;
  return { prepared: `prepared${rewrite}${warmth}`, ready: `ready${rewrite}${warmth}` };
}

/** A component binary, or several that are composed; each may be a core module. */
export type ComponentSource = Uint8Array<ArrayBuffer> | Composition;

/**
 * Prepares a component binary, or a core module that can be made one, or a composition of them.
 * Throws WhorlError: what {@link linkComponent}, {@link composeComponents} and `encodeCoreModule`
 * throw, `invalid` for a core module that V8 refuses, `unsupported` for one without the bounds that
 * it needs.
 */
export async function prepareComponent(
  source: ComponentSource,
  options: PrepareOptions = {},
): Promise<PreparedComponent> {
  const prepared = await prepare(source, options);
  const reason = options.needsBounds === true ? boundlessness(prepared) : undefined;
  if (reason === undefined) return prepared;
  throw new WhorlError(
    "unsupported",
    `it could not be held to any limit, and is not run: ${reason}`,
  );
}

/**
 * Why guests of a component that was prepared to be interruptible cannot be stopped, nor their
 * memories bounded; undefined where they can.
 */
export function boundlessness({
  host,
  reset,
}: Pick<PreparedComponent, "host" | "reset">): string | undefined {
  return reset.kind === "refused" && host.includes(undefined) ? reset.reason : undefined;
}

async function prepare(
  source: ComponentSource,
  options: PrepareOptions,
): Promise<PreparedComponent> {
  const { cache, digest, isInterruptible = true } = options;
  const { tableElementsMax = limits.tableElementsMax } = options;
  const rewrite = { isInterruptible, tableElementsMax };
  const make = (): Promise<Sources> => makeSources(source, rewrite);
  if (cache === undefined) return compiled(await make());
  const key =
    source instanceof Uint8Array ? (digest ?? hash("sha256", source)) : compositionDigest(source);
  const place: CachePlace = { cache, key, kinds: entryKinds({ ...options, ...rewrite }) };
  const ready = await cache.read(key, place.kinds.ready);
  if (ready !== undefined) return compiledReady(ready);
  const { result, released } = await cache.exclusively(
    key,
    () => keptOrMade(place, make),
    ({ writing }) => writing,
  );
  return { ...result.prepared, kept: released, saveSnapshot: snapshotSaver(place, released) };
}

interface Made {
  readonly prepared: PreparedComponent;
  /** Never rejects. */
  readonly writing?: Promise<void>;
}

async function keptOrMade(
  { cache, key, kinds }: CachePlace,
  make: () => Promise<Sources>,
): Promise<Made> {
  // An earlier process may have done it, or another one meanwhile.
  const kept = await cache.read(key, kinds.prepared);
  if (kept !== undefined) return { prepared: await compiled(keptSources(kept)) };
  const made = await make();
  const prepared = await compiled(made);
  // Beside the first request, which would wait longer for the disk than for all the rest.
  return { prepared, writing: cache.write(key, kinds.prepared, sourcesEntry(made)) };
}

/** A function of its own: a closure within another one keeps all of its variables, the bytes too. */
function snapshotSaver(
  place: CachePlace,
  kept: Promise<void>,
): (snapshot: SavedSnapshot) => Promise<void> {
  return (snapshot) => place.cache.finishes(kept.then(() => saveSnapshot(place, snapshot)));
}

/** Reads again what was prepared: holding it in memory until then would cost more. */
async function saveSnapshot(
  { cache, key, kinds: { prepared, ready } }: CachePlace,
  snapshot: SavedSnapshot,
): Promise<void> {
  const kept = await cache.read(key, prepared);
  if (kept === undefined) return;
  const { plan, reset, host, modules, bareModules } = keptSources(kept);
  const saved = snapshotEntry(snapshot);
  const used = bareModules ?? modules;
  const header: ReadyHeader = {
    ...{ plan: withoutBytes(plan), reset, host, moduleCount: used.length },
    ...{ isBare: bareModules !== undefined, snapshot: saved.header },
  };
  await cache.write(key, ready, { header, blobs: [...used, ...saved.blobs] });
  await cache.remove(key, prepared);
}

async function compiledReady({ header, blobs }: CacheEntry): Promise<PreparedComponent> {
  const { plan, reset, host, moduleCount, isBare, snapshot } = header as ReadyHeader;
  const modules = await compileModules(blobs.slice(0, moduleCount));
  // A copy: the spans of memory must not keep the bytes of the modules.
  const spans = blobs.slice(moduleCount).map((bytes) => bytes.slice());
  const saved = savedSnapshot({ header: snapshot, blobs: spans });
  const bare = isBare ? { bareModules: modules } : {};
  return { plan, modules, reset, host, snapshot: saved, isBare, ...bare };
}

async function makeSources(source: ComponentSource, options: RewriteOptions): Promise<Sources> {
  const plan =
    source instanceof Uint8Array
      ? linkComponent(await componentBytes(source))
      : composeComponents(await withParts(source, componentBytes));
  const { modules, bareModules, coreInstances, proof, host, isValidated } = proveReset(
    plan,
    options,
  );
  if (!isValidated) checkModules(modules);
  return { plan: { ...plan, modules, coreInstances }, modules, bareModules, reset: proof, host };
}

interface SourcesHeader {
  readonly plan: Plan;
  readonly reset: ResetProof;
  readonly host: PreparedComponent["host"];
  readonly moduleCount: number;
}

interface ReadyHeader extends SourcesHeader {
  readonly isBare: boolean;
  readonly snapshot: unknown;
}

function sourcesEntry({ plan, modules, bareModules, reset, host }: Sources): CacheEntry {
  const header: SourcesHeader = {
    ...{ plan: withoutBytes(plan), reset, host, moduleCount: modules.length },
  };
  return { header, blobs: [...modules, ...(bareModules ?? [])] };
}

function keptSources({ header, blobs }: CacheEntry): Sources {
  const { plan, reset, host, moduleCount } = header as SourcesHeader;
  const bare = blobs.slice(moduleCount);
  const modules = blobs.slice(0, moduleCount);
  return { plan, modules, bareModules: bare.length === 0 ? undefined : bare, reset, host };
}

/** The modules' bytes are the engine's, or beside the plan. */
function withoutBytes(plan: Plan): Plan {
  return { ...plan, modules: plan.modules.map(() => noBytes) };
}

async function compiled({
  plan,
  modules,
  bareModules,
  reset,
  host,
}: Sources): Promise<PreparedComponent> {
  const [whole, bare] = await Promise.all([
    compileModules(modules),
    bareModules && compileModules(bareModules),
  ]);
  return { plan: withoutBytes(plan), modules: whole, bareModules: bare, reset, host };
}

/** Encoding takes megabytes of tools: components never load them. */
async function componentBytes(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  if (!isCoreModule(bytes)) return bytes;
  const { encodeCoreModule, jcoTools } = await import("./encode-core-module.ts");
  return encodeCoreModule(bytes, await jcoTools());
}

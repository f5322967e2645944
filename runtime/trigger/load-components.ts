import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dispatcher } from "undici";
import type { App, AppComponent } from "../app/app.ts";
import { prepareMounts } from "../app/prepare-mounts.ts";
import { readComponent } from "../app/read-component.ts";
import { errorText, WhorlError } from "../error.ts";
import type { Plan } from "../component/plan.ts";
import type { HostInterface } from "../instance/host-interface.ts";
import { Linker } from "../instance/linker.ts";
import { boundlessness, prepareComponent } from "../prepare/prepare.ts";
import type { PreparedComponent } from "../prepare/prepare.ts";
import { withHostCallSpans } from "../telemetry/host-call-spans.ts";
import type { ComponentUsage, Telemetry } from "../telemetry/telemetry.ts";
import type { AppServices } from "./services/app-services.ts";
import type { Mount } from "../wasi/context.ts";
import { componentContext, type ComponentSurroundings } from "./component-context.ts";
import type { Engine } from "./engine.ts";
import type { GuestContext } from "./guest-context.ts";
import { loadComposition } from "./load-composition.ts";
import { LoadedComponent } from "./loaded-component.ts";
import type { NewContext } from "./loaded-component.ts";
import { mountsOf } from "./mounts-of.ts";
import { warmKey } from "./warm/warm-key.ts";

/** What all components of one app share. */
export interface LoadSurroundings extends Omit<
  ComponentSurroundings,
  "preopens" | "onGuestLine" | "dispatcher"
> {
  readonly services: AppServices;
  readonly engine: Engine;
  /** Of one instance, where the runtime config says so. */
  readonly memoryBytesMax: number | undefined;
  /** Beside each component's own files. */
  readonly mounts: readonly Mount[];
  onWarning(message: string): void;
  readonly telemetry: Telemetry;
  /** Called once for each component. */
  dispatcher(component: string): Dispatcher;
  onGuestLine(component: string, stream: "stdout" | "stderr", line: string, traceId?: string): void;
}

/** Components ready to be called, by id. Disposing removes the copies of their files. */
export interface LoadedComponents extends AsyncDisposable {
  readonly byId: ReadonlyMap<string, LoadedComponent>;
}

/**
 * Loads every component that a trigger names, each once. Throws WhorlError with the component's
 * name and place when one cannot be; nothing is left behind then.
 */
export async function loadComponents(
  app: App,
  surroundings: LoadSurroundings,
): Promise<LoadedComponents> {
  await using stack = new AsyncDisposableStack();
  const components = triggeredComponents(app);
  const prepared = await Promise.all(
    components.map((component) => prepare(component, app, surroundings)),
  );
  const { services, engine } = surroundings;
  await services.require(prepared.flatMap(({ plan }) => importedInterfaces(plan)));
  const linker = new Linker(tracedInterfaces(services.interfaces, surroundings.telemetry));
  const { memoryBytesMax } = surroundings;
  const common = { services, linker, engine, memoryBytesMax };
  const byId = new Map<string, LoadedComponent>();
  for (const [index, component] of components.entries()) {
    const { preopens } = stack.use(await prepareMounts(component, makeTempDirectory));
    const { id } = component;
    const outside = surroundings.telemetry.lines({ app: app.name, component: id });
    const dispatcher = surroundings.dispatcher(id);
    const own: ComponentSurroundings = {
      ...surroundings,
      dispatcher: () => dispatcher,
      preopens: [...preopens, ...mountsOf(id, surroundings.mounts)],
      onGuestLine: (stream, line, holder) => {
        const invocation = holder?.current;
        if (!(invocation ?? outside).line(stream, line)) return;
        surroundings.onGuestLine(id, stream, line, invocation?.traceId);
      },
    };
    const loaded = link(component, { ...common, own, prepared: prepared[index] });
    byId.set(id, stack.use(loaded));
    // One that is to be warmed up has its first instance there (warm/warm-components.ts).
    if (component.warm === undefined) warm(loaded, surroundings);
  }
  stack.use(surroundings.telemetry.observe(() => usages(app.name, byId)));
  const owned = stack.move();
  return { byId, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function* usages(
  app: string,
  byId: ReadonlyMap<string, LoadedComponent>,
): Generator<ComponentUsage> {
  for (const [component, loaded] of byId) yield { app, component, ...loaded.usage() };
}

/** Spans of what the host does for guests, where spans are exported. */
function tracedInterfaces(
  interfaces: readonly HostInterface<GuestContext>[],
  { isTracing }: Telemetry,
): readonly HostInterface<GuestContext>[] {
  if (!isTracing) return interfaces;
  return interfaces.map((each) => ({
    ...each,
    functions: withHostCallSpans(each.name, each.functions, ({ telemetry }) => telemetry),
  }));
}

function importedInterfaces({ imports }: Plan): string[] {
  return imports.flatMap(({ interfaceName }) => interfaceName ?? []);
}

function triggeredComponents(app: App): AppComponent[] {
  const ids = new Set(app.eventTriggers.map(({ component }) => component));
  for (const { target } of app.httpTriggers) {
    if (target.kind === "component") ids.add(target.component);
  }
  return [...app.components.values()].filter((component) => ids.has(component.id));
}

/** The first request then costs no more than others. */
function warm(component: LoadedComponent, { onWarning }: LoadSurroundings): void {
  try {
    component.warm();
  } catch (error) {
    onWarning(`component "${component.id}" fails as soon as it is started: ${errorText(error)}`);
  }
}

async function prepare(
  component: AppComponent,
  app: App,
  surroundings: LoadSurroundings,
): Promise<PreparedComponent> {
  const { cache, limits: bounds, runsUnbounded } = surroundings.engine;
  try {
    const source = await loadComposition(component, readComponent);
    const prepared = await prepareComponent(source, {
      cache,
      tableElementsMax: bounds.tableElementsMax,
      needsBounds: !runsUnbounded || surroundings.memoryBytesMax !== undefined,
      warm: warmKey(component, app, surroundings),
    });
    const reason = boundlessness(prepared);
    if (reason !== undefined) {
      surroundings.onWarning(`component "${component.id}" is held to no limit: ${reason}`);
    }
    return prepared;
  } catch (error) {
    throw componentError(component, error);
  }
}

interface LinkParts {
  readonly own: ComponentSurroundings;
  readonly services: AppServices;
  readonly linker: Linker<GuestContext>;
  readonly engine: Engine;
  readonly memoryBytesMax: number | undefined;
  readonly prepared: PreparedComponent | undefined;
}

function link(component: AppComponent, parts: LinkParts): LoadedComponent {
  const { own, services, linker, engine, memoryBytesMax, prepared } = parts;
  if (prepared === undefined) throw new Error(`component ${component.id} is not prepared`);
  try {
    const newSpin = services.contexts(component);
    const newWasi = componentContext(component, own);
    const newContext: NewContext<GuestContext> = (use) => newSpin(use.holder, newWasi(use));
    const linked = linker.link(prepared);
    return new LoadedComponent(component.id, { linked, newContext, engine, memoryBytesMax });
  } catch (error) {
    throw componentError(component, error);
  }
}

/** An error about a component, with its name and where it comes from. */
export function componentError(component: AppComponent, error: unknown): WhorlError {
  const code = error instanceof WhorlError ? error.code : "invalid";
  const place = `component "${component.id}" (${component.sourceOrigin})`;
  return new WhorlError(code, `${place}: ${errorText(error)}`, { cause: error });
}

function makeTempDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "whorl-"));
}

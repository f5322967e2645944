import { WhorlError, errorText } from "../error.ts";
import type { Importer } from "./host-import.ts";
import { findCompatible, matchingImports } from "./compose-match.ts";
import { decodeComponent } from "./decode.ts";
import { deniedInterfaces } from "./denied-interfaces.ts";
import type { ComponentEntity, Entity, InstanceEntity } from "./entities.ts";
import { instantiateComponent } from "./evaluate-component.ts";
import type { CompositionArguments } from "./evaluate-component.ts";
import { LinkContext } from "./link-context.ts";
import { checkRoot, finishPlan } from "./link.ts";
import { PlanBuilder } from "./plan-builder.ts";
import type { Plan } from "./plan.ts";

/** A component that is put together with others. */
export interface CompositionPart {
  /** What messages call it: the component's id, a dependency's name. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Keys of the configuration that it may use. */
  readonly inherit: "all" | readonly string[];
  /** What satisfies its imports; the host does the rest. */
  readonly dependencies: readonly CompositionDependency[];
}

/** A part whose name says which imports it satisfies. */
export interface CompositionDependency extends CompositionPart {
  /** The export that is used; the one with the import's name where undefined. */
  readonly export: string | undefined;
}

/** A component with everything that runs in the same instance. */
export interface Composition {
  readonly component: CompositionPart;
  /** Through which requests go first, the outermost first. */
  readonly middleware: readonly CompositionPart[];
}

/**
 * Decodes, validates and composes components into one plan, whose exports are those of the
 * component, or the handler of the outermost middleware. Each part is instantiated once; the same
 * resource type of the host is one type for all of them, so that handles can be passed on.
 *
 * Throws what `linkComponent` throws, with the part's name; `manifest` for a dependency that means
 * no import or the import of another one; `invalid` where an export is missing or does not fit.
 */
export function composeComponents({ component, middleware }: Composition): Plan {
  return new Composer().compose(component, middleware);
}

/** In Spin's middleware both the import and the export. */
const handlerInterface = "wasi:http/handler";

class Composer {
  readonly #context = new LinkContext(new PlanBuilder(), instantiateComponent);
  /** The component that the others stand in; it has nothing of its own. */
  readonly #root = this.#context.plan.addComponentInstance({ parent: undefined });
  #importers = 0;
  #main: CompositionPart | undefined;

  compose(component: CompositionPart, middleware: readonly CompositionPart[]): Plan {
    this.#main = component;
    const innermost = this.#instantiate(component);
    if (middleware.length === 0) return finishPlan(this.#context, innermost);
    let handler = handlerOf(component, innermost);
    for (const part of middleware.toReversed()) {
      const given = handler;
      const found = this.#decode(part);
      const wanted = importNames(found).find((name) => isHandler(name));
      if (
        wanted === undefined ||
        findCompatible(new Map([[given.name, 0]]), wanted) === undefined
      ) {
        throw new WhorlError(
          "invalid",
          `middleware '${part.name}' doesn't import '${given.name}'${wanted === undefined ? "" : ` but '${wanted}'`}; build it for the version that the component behind it exports`,
        );
      }
      const fits = new Map([[wanted, { entity: given.value, text: `'${given.name}'` }]]);
      handler = handlerOf(part, this.#link(part, found, fits));
    }
    const exports = new Map([[handler.name, handler.value]]);
    return finishPlan(this.#context, { kind: "instance", exports });
  }

  #instantiate(part: CompositionPart): InstanceEntity {
    const component = this.#decode(part);
    return this.#link(part, component, this.#arguments(part, component));
  }

  #decode(part: CompositionPart): ComponentEntity {
    try {
      return { kind: "component", syntax: decodeComponent(part.bytes), outer: undefined };
    } catch (error) {
      throw this.#error(part, error);
    }
  }

  #link(
    part: CompositionPart,
    component: ComponentEntity,
    given: ReadonlyMap<string, GivenImport>,
  ): InstanceEntity {
    const importer: Importer = { index: this.#importers++, denied: deniedInterfaces(part.inherit) };
    let mismatched: unknown;
    const args: CompositionArguments = {
      importer,
      find: (name) => given.get(name)?.entity,
      mismatch(name, reason) {
        mismatched = mismatch(name, given.get(name)?.text ?? "", reason);
        return mismatched;
      },
    };
    try {
      return instantiateComponent(this.#context, component, args, this.#root);
    } catch (error) {
      // It says itself which parts it is about.
      if (error === mismatched) throw error;
      throw this.#error(part, told(component, error));
    }
  }

  /** With the name of the part, unless it is the component that the caller names. */
  #error(part: CompositionPart, error: unknown): unknown {
    if (!(error instanceof WhorlError) || part === this.#main) return error;
    return new WhorlError(error.code, `'${part.name}': ${error.message}`, { cause: error });
  }

  /** What the dependencies of a part give it, by import. */
  #arguments(part: CompositionPart, component: ComponentEntity): ReadonlyMap<string, GivenImport> {
    const matched = matchDependencies(part, importNames(component));
    const instances = new Map<CompositionDependency, InstanceEntity>();
    const given = new Map<string, GivenImport>();
    for (const [name, dependency] of matched) {
      const instance = instances.get(dependency) ?? this.#instantiate(dependency);
      instances.set(dependency, instance);
      given.set(name, givenImport(name, dependency, instance));
    }
    return given;
  }
}

interface GivenImport {
  readonly entity: Entity;
  /** What gives it, for messages. */
  readonly text: string;
}

function importNames({ syntax }: ComponentEntity): string[] {
  const definitions = syntax?.definitions ?? [];
  return definitions.flatMap((each) => (each.kind === "import" ? [each.name] : []));
}

/** The one dependency of each import that has any. */
function matchDependencies(
  { name: component, dependencies }: CompositionPart,
  imports: readonly string[],
): ReadonlyMap<string, CompositionDependency> {
  const found = new Map<string, CompositionDependency[]>();
  for (const dependency of dependencies) {
    const matching = matchingImports(dependency.name, imports);
    if (matching.length === 0) {
      throw new WhorlError(
        "manifest",
        `dependency '${dependency.name}' doesn't match any imports of component '${component}'${importList(imports)}`,
      );
    }
    for (const name of matching) found.set(name, [...(found.get(name) ?? []), dependency]);
  }
  const conflicts = [...found].filter(([, list]) => list.length > 1);
  if (conflicts.length > 0) {
    const texts = conflicts.map(([name, list]) => {
      const names = list.map((each) => each.name).join(", ");
      return `import '${name}' satisfied by dependencies: '${names}'`;
    });
    throw new WhorlError(
      "manifest",
      `component '${component}' has dependency conflicts: ${texts.join("; ")}`,
    );
  }
  return new Map(
    [...found].flatMap(([name, [only]]) => (only === undefined ? [] : [[name, only]])),
  );
}

const importsShownMax = 10;

function importList(imports: readonly string[]): string {
  if (imports.length === 0) return "; it imports nothing";
  const shown = imports.slice(0, importsShownMax).join(", ");
  const rest = imports.length - importsShownMax;
  return `; it imports ${shown}${rest > 0 ? ` and ${rest} more` : ""}`;
}

function givenImport(
  name: string,
  dependency: CompositionDependency,
  { exports }: InstanceEntity,
): GivenImport {
  const wanted = dependency.export ?? name;
  const found = findCompatible(exports, wanted);
  if (found === undefined) {
    const names = [...exports.keys()].slice(0, importsShownMax).join(", ");
    throw new WhorlError(
      "invalid",
      `dependency '${dependency.name}' doesn't export '${wanted}' to satisfy import '${name}'; it exports ${names === "" ? "nothing" : names}`,
    );
  }
  return {
    entity: found.value,
    text: `dependency '${dependency.name}' exports '${found.name}'`,
  };
}

function isHandler(name: string): boolean {
  return name === handlerInterface || name.startsWith(`${handlerInterface}@`);
}

function handlerOf(
  { name }: CompositionPart,
  { exports }: InstanceEntity,
): { readonly name: string; readonly value: Entity } {
  for (const [each, value] of exports) if (isHandler(each)) return { name: each, value };
  const names = [...exports.keys()].slice(0, importsShownMax).join(", ");
  throw new WhorlError(
    "invalid",
    `component '${name}' doesn't export '${handlerInterface}@0.3.0', which middleware needs; it exports ${names === "" ? "nothing" : names}`,
  );
}

function mismatch(name: string, text: string, reason: unknown): unknown {
  if (!(reason instanceof WhorlError) || reason.code !== "invalid") return reason;
  return new WhorlError(
    "invalid",
    `${text} which is not compatible with import '${name}': ${errorText(reason)}`,
    { cause: reason },
  );
}

/** What is invalid is told before what is not supported. */
function told(component: ComponentEntity, error: unknown): unknown {
  if (!(error instanceof WhorlError) || error.code !== "unsupported") return error;
  try {
    checkRoot(component);
    return error;
  } catch (invalid) {
    return invalid;
  }
}

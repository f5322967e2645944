import type { Entity, TypeEntity, TypeIdentity } from "./entities.ts";
import type { LinkContext } from "./link-context.ts";

/**
 * The types that a component imports and exports so far. What it imports may only use imported
 * ones, what it exports also exported ones (Explainer.md, "External visibility of types").
 */
export class VisibleTypes {
  readonly #context: LinkContext;
  readonly #imported = new Set<TypeIdentity>();
  readonly #exported = new Set<TypeIdentity>();

  constructor(context: LinkContext) {
    this.#context = context;
  }

  /** Throws `invalid` when it uses a type that is not imported. */
  addImport(name: string, entity: Entity): void {
    this.#check(entity, [this.#imported], `import ${JSON.stringify(name)}`);
    register(entity, this.#imported);
  }

  /** Throws `invalid` when it uses a type that is neither imported nor exported. */
  addExport(name: string, entity: Entity): void {
    this.#check(entity, [this.#imported, this.#exported], `export ${JSON.stringify(name)}`);
    register(entity, this.#exported);
  }

  /** The same for what a type describes. */
  checkImport(name: string, described: Entity | undefined): void {
    if (described === undefined) return;
    this.#check(described, [this.#imported], `import ${JSON.stringify(name)}`);
  }

  checkExport(name: string, described: Entity | undefined): void {
    if (described === undefined) return;
    this.#check(described, [this.#imported, this.#exported], `export ${JSON.stringify(name)}`);
  }

  #check(entity: Entity, visible: readonly ReadonlySet<TypeIdentity>[], what: string): void {
    this.#context.step();
    switch (entity.kind) {
      case "func":
        return this.#require(entity.type.needs, visible, what);
      case "type":
        return this.#require(neededBy(entity.type), visible, what);
      case "instance": {
        const own = new Set<TypeIdentity>();
        register(entity, own);
        for (const [name, each] of entity.exports) {
          this.#check(each, [...visible, own], `${what} ${JSON.stringify(name)}`);
        }
        return;
      }
      case "component":
      case "core-module":
    }
  }

  #require(
    needs: ReadonlySet<TypeIdentity>,
    visible: readonly ReadonlySet<TypeIdentity>[],
    what: string,
  ): void {
    for (const need of needs) {
      if (visible.some((set) => set.has(need))) continue;
      this.#context.fail(`${what} uses a type that is not itself imported or exported`);
    }
  }
}

const none: ReadonlySet<TypeIdentity> = new Set();

/** What has to be visible where a type itself is imported or exported. */
function neededBy(type: TypeEntity): ReadonlySet<TypeIdentity> {
  if (type.kind === "value") return type.parts;
  return type.kind === "func" ? type.needs : none;
}

/** Makes the types in it visible. */
function register(entity: Entity, visible: Set<TypeIdentity>): void {
  if (entity.kind === "instance") {
    for (const each of entity.exports.values()) register(each, visible);
  }
  if (entity.kind !== "type") return;
  if (entity.type.kind === "resource") visible.add(entity.type.identity);
  // A type without an identity of its own needs nothing but its parts.
  if (entity.type.kind === "value") for (const need of entity.type.needs) visible.add(need);
}

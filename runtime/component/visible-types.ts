import type { Entity, TypeEntity, TypeIdentity } from "./entities.ts";
import type { LinkContext } from "./link-context.ts";

type Visible = Set<TypeIdentity>;

/** One run over an import or export. */
interface Check {
  /** Names it in messages. */
  readonly what: string;
  readonly seen: Set<Entity>;
}

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
    this.#start(entity, [this.#imported], `import ${JSON.stringify(name)}`);
    register(entity, this.#imported);
  }

  /** Throws `invalid` when it uses a type that is neither imported nor exported. */
  addExport(name: string, entity: Entity): void {
    this.#start(entity, [this.#imported, this.#exported], `export ${JSON.stringify(name)}`);
    register(entity, this.#exported);
  }

  /** The same for what a type describes. */
  checkImport(name: string, described: Entity | undefined): void {
    if (described === undefined) return;
    this.#start(described, [this.#imported], `import ${JSON.stringify(name)}`);
  }

  checkExport(name: string, described: Entity | undefined): void {
    if (described === undefined) return;
    this.#start(described, [this.#imported, this.#exported], `export ${JSON.stringify(name)}`);
  }

  #start(entity: Entity, visible: readonly Visible[], what: string): void {
    this.#check(entity, visible, { what, seen: new Set() });
  }

  #check(entity: Entity, visible: readonly Visible[], check: Check): void {
    this.#context.step();
    if (entity.kind === "func") return this.#require(entity.type.needs, visible, check);
    if (entity.kind === "type") return this.#require(neededBy(entity.type), visible, check);
    // An instance may be reached on many ways: once is enough.
    if (entity.kind !== "instance" || check.seen.has(entity)) return;
    check.seen.add(entity);
    const own = new Set<TypeIdentity>();
    register(entity, own);
    const inside = [...visible, own];
    for (const each of entity.exports.values()) this.#check(each, inside, check);
  }

  #require(needs: ReadonlySet<TypeIdentity>, visible: readonly Visible[], { what }: Check): void {
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
function register(entity: Entity, visible: Visible, seen: Set<Entity> = new Set()): void {
  if (entity.kind !== "instance") return registerType(entity, visible);
  if (seen.has(entity)) return;
  seen.add(entity);
  for (const each of entity.exports.values()) register(each, visible, seen);
}

function registerType(entity: Entity, visible: Visible): void {
  if (entity.kind !== "type") return;
  if (entity.type.kind === "resource") visible.add(entity.type.identity);
  // A type without an identity of its own needs nothing but its parts.
  if (entity.type.kind === "value") for (const need of entity.type.needs) visible.add(need);
}

import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { ComponentEntity, Entity, InstanceEntity } from "./entities.ts";
import type { PlanBuilder } from "./plan-builder.ts";

/** Instantiates a component with arguments by name, on behalf of a component instance. */
export type Instantiate = (
  context: LinkContext,
  component: ComponentEntity,
  args: ReadonlyMap<string, Entity>,
  parent: number,
) => InstanceEntity;

/** What one run of the linker shares: the plan under way, its position, its budgets. */
export class LinkContext {
  readonly plan: PlanBuilder;
  readonly instantiate: Instantiate;
  /** Syntax that has been evaluated, by identity: what is left is checked on its own. */
  readonly evaluated = new WeakSet<object>();
  /** Core modules that were seen, instantiated or not. */
  readonly modules = new Set<Uint8Array<ArrayBuffer>>();
  /** Resource types of the host that several components import: one for all of them. */
  readonly sharedResources = new Map<string, number>();
  /** Position in the file of the definition being evaluated. */
  offset = 0;
  #steps = 0;
  #depth = 0;
  #checking = 0;

  constructor(plan: PlanBuilder, instantiate: Instantiate) {
    this.plan = plan;
    this.instantiate = instantiate;
  }

  /** Whether what is evaluated will not run: imports may then be anything. */
  get checking(): boolean {
    return this.#checking > 0;
  }

  /** Throws `invalid` at the current position. */
  fail(message: string): never {
    throw new WhorlError(
      "invalid",
      `invalid component: ${message} (definition at byte offset 0x${this.offset.toString(16)})`,
    );
  }

  /** Counts work; throws `limit` where small files would unfold into endless graphs. */
  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > limits.linkStepsMax) {
      throw new WhorlError(
        "limit",
        `linking the component takes more than ${limits.linkStepsMax} steps: it instantiates components or uses types too many times over`,
      );
    }
  }

  /** Runs `evaluate` one level deeper; throws `limit` before the stack ends. */
  nested<T>(evaluate: () => T): T {
    if (this.#depth >= limits.linkNestingMax) {
      throw new WhorlError(
        "limit",
        `components and types of the component refer to each other more than ${limits.linkNestingMax} levels deep`,
      );
    }
    this.#depth++;
    const { offset } = this;
    const result = evaluate();
    // No `finally`: after an error the position is what the message is about.
    this.#depth--;
    this.offset = offset;
    return result;
  }

  /** Runs `evaluate` for its errors only: what it adds to the plan is taken back. */
  check(evaluate: () => void): void {
    const mark = this.plan.mark();
    this.#checking++;
    this.nested(evaluate);
    this.#checking--;
    this.plan.reset(mark);
  }
}

import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import type { Tier } from "./tiers.ts";

const program = fileURLToPath(new URL("prepare-tiers.ts", import.meta.url));

/**
 * Builds what later tiers need while the first ones run, with what they leave of the processors.
 * A build that fails says so here and is tried again by its tier, which fails then.
 */
export class EarlyBuilds implements Disposable {
  readonly #child: ChildProcess | undefined;
  readonly #ended = Promise.withResolvers<void>();
  readonly #built = new Map<string, PromiseWithResolvers<void>>();

  constructor(tiers: readonly Tier[]) {
    const names = tiers.filter(({ prepare }) => prepare !== undefined).map(({ name }) => name);
    for (const name of names) this.#built.set(name, Promise.withResolvers());
    if (names.length === 0) return;
    const child = fork(program, names);
    this.#child = child;
    if (child.pid !== undefined) setPriority(child.pid, lowestPriority);
    child.on("message", (name) => {
      if (typeof name === "string") this.#built.get(name)?.resolve();
    });
    child.on("error", this.#ended.resolve);
    child.on("exit", () => this.#ended.resolve());
  }

  /** Settles when there is nothing more to wait for. */
  async of({ name }: Tier): Promise<void> {
    const built = this.#built.get(name);
    if (built !== undefined) await Promise.race([built.promise, this.#ended.promise]);
  }

  [Symbol.dispose](): void {
    this.#child?.kill();
  }
}

const lowestPriority = 19;

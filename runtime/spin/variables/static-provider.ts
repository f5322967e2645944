import type { VariableProvider } from "./variable-provider.ts";

/** Values that are written down, in a runtime config or on the command line. */
export class StaticProvider implements VariableProvider {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  mayHave(name: string): boolean {
    return this.#values.has(name);
  }
}

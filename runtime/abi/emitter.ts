import { WhorlError } from "../error.ts";
import { limits } from "../limits.ts";

/**
 * Collects the source text of one function. Text that comes from a component (names of fields,
 * cases) only ever enters through {@link quote} or {@link Emitter.constant}: a name cannot become
 * code.
 */
export class Emitter {
  readonly lines: string[] = [];
  readonly #constants: unknown[];
  #temporaries = 0;

  constructor(constants: unknown[]) {
    this.#constants = constants;
  }

  /** Throws `limit` when the types of the function expand to too much code. */
  line(text: string): void {
    if (this.lines.length >= limits.generatedLinesMax) {
      throw new WhorlError(
        "limit",
        `a function's types expand to more than ${limits.generatedLinesMax} steps of conversion`,
      );
    }
    this.lines.push(text);
  }

  /** A variable name that nothing else in the function has. */
  fresh(): string {
    return `t${this.#temporaries++}`;
  }

  /** Declares a variable holding the expression's value. */
  hold(expression: string): string {
    const name = this.fresh();
    this.line(`const ${name} = ${expression};`);
    return name;
  }

  /** Makes a value reachable from the generated code. */
  constant(value: unknown): string {
    return `K[${this.#constants.push(value) - 1}]`;
  }
}

/** A JavaScript string literal. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** `status-code` -> `statusCode`: names of record fields and flags on the host's side. */
export function camelCase(name: string): string {
  return name.replaceAll(/-+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

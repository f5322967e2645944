import { errorText } from "../error.ts";
import type { Awaitable } from "../spin/key-value/key-value-store.ts";
import type { VariablesContext, VariablesResult } from "../spin/variables/variables-scope.ts";
import { Refusals } from "./refusals.ts";
import { variableNameProblem } from "./variable-name.ts";
import type { TemplatePart } from "./template.ts";

export interface TemplateResolver {
  resolve(template: readonly TemplatePart[]): Awaitable<string>;
  warn(message: string): void;
}

/** The variables of one component: its templates, resolved when the guest asks. */
export class ComponentVariables implements VariablesContext {
  readonly #component: string;
  readonly #templates: ReadonlyMap<string, readonly TemplatePart[]>;
  readonly #resolver: TemplateResolver;
  readonly #refusals: Refusals;

  constructor(
    component: string,
    templates: ReadonlyMap<string, readonly TemplatePart[]>,
    resolver: TemplateResolver,
  ) {
    this.#component = component;
    this.#templates = templates;
    this.#resolver = resolver;
    this.#refusals = new Refusals(component, (message) => resolver.warn(message));
  }

  get(name: string): Awaitable<VariablesResult<string>> {
    const template = this.#templates.get(name);
    if (template === undefined) return this.#missing(name);
    try {
      const text = this.#resolver.resolve(template);
      if (!(text instanceof Promise)) return success(text);
      return text.then(success, (error: unknown) => this.#failure(name, error));
    } catch (error) {
      return this.#failure(name, error);
    }
  }

  async getAll(): Promise<VariablesResult<[string, string][]>> {
    try {
      const pairs = [...this.#templates].map(
        async ([name, template]): Promise<[string, string]> => [
          name,
          await this.#resolver.resolve(template),
        ],
      );
      return { tag: "ok", val: await Promise.all(pairs) };
    } catch (error) {
      return this.#failure("*", error);
    }
  }

  #failure(name: string, error: unknown): VariablesResult<never> {
    this.#resolver.warn(`variable "${this.#component}"."${name}": ${causesOf(error)}`);
    return { tag: "err", val: { tag: "provider", val: errorText(error) } };
  }

  #missing(name: string): VariablesResult<never> {
    this.#refusals.tell("has no variable", name, "give it one in its [variables]");
    const problem = variableNameProblem(name);
    if (problem !== undefined) return { tag: "err", val: { tag: "invalid-name", val: problem } };
    const place = `${JSON.stringify(this.#component)}.${JSON.stringify(name)}`;
    return { tag: "err", val: { tag: "undefined", val: `no variable for ${place}` } };
  }
}

function success(val: string): VariablesResult<string> {
  return { tag: "ok", val };
}

/** The message with those of its causes; the guest gets the first alone. */
function causesOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const text = errorText(error).split("\n", 1)[0] ?? "";
  return cause === undefined ? text : `${text}: ${causesOf(cause)}`;
}

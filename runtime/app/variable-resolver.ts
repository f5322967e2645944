import { errorText, WhorlError } from "../error.ts";
import type { Awaitable } from "../spin/key-value/key-value-store.ts";
import type { VariableProvider } from "../spin/variables/variable-provider.ts";
import type { VariablesContext } from "../spin/variables/variables-scope.ts";
import { ComponentVariables } from "./variable-component.ts";
import { didYouMean } from "./nearest-name.ts";
import { parseTemplate, type TemplatePart, templateVariables } from "./template.ts";

/** `[variables]` of a manifest. */
export interface VariableDeclaration {
  /** Undefined for a required variable. */
  readonly default: string | undefined;
}

/** A template whose variables are all declared. */
export type CheckedTemplate = readonly TemplatePart[];

/**
 * Gives app variables their values: the first provider that has one wins, then the default. One
 * per app; asks the providers anew each time.
 */
export class VariableResolver {
  readonly #declared: ReadonlyMap<string, VariableDeclaration>;
  readonly #providers: readonly VariableProvider[];
  readonly #warn: (message: string) => void;

  /**
   * `providers` in the order of their priority. `warn` gets a line for each value that a component
   * asked for and could not have.
   */
  constructor(
    declared: ReadonlyMap<string, VariableDeclaration>,
    providers: readonly VariableProvider[],
    warn: (message: string) => void,
  ) {
    this.#declared = declared;
    this.#providers = providers;
    this.#warn = warn;
  }

  /** @throws WhorlError `manifest` for broken syntax or a variable that is not declared. */
  parse(text: string): CheckedTemplate {
    const template = parseTemplate(text);
    for (const name of templateVariables(template)) {
      if (this.#declared.has(name)) continue;
      const hint = didYouMean(name, [...this.#declared.keys()]);
      throw new WhorlError(
        "manifest",
        `unknown variable "${name}"${hint || "; declare it in [variables]"}`,
      );
    }
    return template;
  }

  /** The text of a template. Throws the Error of a provider, or for a variable without a value. */
  resolve(template: CheckedTemplate): Awaitable<string> {
    return this.#resolveFrom(template, 0, "");
  }

  /** The value of an app variable. Throws as resolve(). */
  value(name: string): Awaitable<string> {
    return this.#valueFrom(name, 0);
  }

  /**
   * What a component sees of its `variables`, templates by name. Throws WhorlError `manifest` as
   * parse().
   */
  forComponent(component: string, templates: ReadonlyMap<string, string>): VariablesContext {
    const checked = new Map([...templates].map(([name, text]) => [name, this.parse(text)]));
    return new ComponentVariables(component, checked, {
      resolve: (template) => this.resolve(template),
      warn: this.#warn,
    });
  }

  /**
   * Makes sure before the start that each required variable can have a value. Distant services are
   * not asked.
   * @throws WhorlError `manifest` with the names of those that cannot.
   */
  async checkRequired(): Promise<void> {
    const names: string[] = [];
    for (const [name, declaration] of this.#declared) {
      if (declaration.default === undefined && !(await this.#mayHave(name))) names.push(name);
    }
    if (names.length === 0) return;
    const first = names[0] ?? "";
    throw new WhorlError(
      "manifest",
      `no provider resolved required variable(s): ${JSON.stringify(names)}; set for example the ` +
        `environment variable SPIN_VARIABLE_${first.toUpperCase()}`,
    );
  }

  /** At once as long as nobody has to be waited for. */
  #resolveFrom(template: CheckedTemplate, start: number, before: string): Awaitable<string> {
    let text = before;
    for (const [offset, part] of template.slice(start).entries()) {
      const value = part.kind === "text" ? part.text : this.#valueFrom(part.name, 0);
      if (value instanceof Promise) {
        const next = start + offset + 1;
        return value.then((late) => this.#resolveFrom(template, next, text + late));
      }
      text += value;
    }
    return text;
  }

  #valueFrom(name: string, start: number): Awaitable<string> {
    for (let index = start; index < this.#providers.length; index++) {
      const value = this.#providers[index]?.get(name);
      if (value instanceof Promise) {
        return value.then((late) => late ?? this.#valueFrom(name, index + 1));
      }
      if (value !== undefined) return value;
    }
    const value = this.#declared.get(name)?.default;
    if (value === undefined) {
      throw new Error(`no provider resolved required variable ${JSON.stringify(name)}`);
    }
    return value;
  }

  async #mayHave(name: string): Promise<boolean> {
    for (const provider of this.#providers) {
      try {
        if (await provider.mayHave(name)) return true;
      } catch (error) {
        throw new WhorlError("file", errorText(error), { cause: error });
      }
    }
    return false;
  }
}

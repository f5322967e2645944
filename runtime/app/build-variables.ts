import { WhorlError } from "../error.ts";
import type { AppVariable } from "./app.ts";
import type { ManifestContext } from "./manifest-context.ts";
import { didYouMean } from "./nearest-name.ts";
import { isVariableName, parseTemplate, resolveTemplate, templateVariables } from "./template.ts";
import type { Position } from "./toml-document.ts";

/** Checks `[variables]`. */
export function buildVariables(context: ManifestContext): ReadonlyMap<string, AppVariable> {
  const { manifest, positions, problems } = context;
  const declared = manifest.variables ?? {};
  const variables = new Map<string, AppVariable>();
  for (const [name, variable] of Object.entries(declared)) {
    const position = positions.keyAt(declared, name);
    checkVariableName(name, position, context);
    const isRequired = variable.required === true;
    if (isRequired && variable.default !== undefined) {
      problems.add(
        "manifest",
        position,
        `variable "${name}" is required and has a default; keep one of them`,
      );
    } else if (isRequired || variable.default !== undefined) {
      variables.set(name, { default: variable.default, isSecret: variable.secret === true });
    } else if (!positions.has(variable, "default") && !positions.has(variable, "required")) {
      problems.add(
        "manifest",
        position,
        `variable "${name}" has no default and is not required; add one of them`,
      );
    }
  }
  return variables;
}

/** Reports a name that is none. */
export function checkVariableName(name: string, at: Position, context: ManifestContext): void {
  if (isVariableName(name)) return;
  context.problems.add(
    "manifest",
    at,
    `"${name}" is not a variable name; use lower-case words joined by "_"`,
  );
}

export interface TemplateText {
  readonly text: string;
  readonly at: Position;
}

/**
 * Checks a template and gives its text with the defaults of the app's variables: a sample of what
 * it will be, undefined if one of them has none. False for a template that is wrong, the reason
 * being reported then.
 */
export function checkTemplate(
  template: TemplateText,
  variables: ReadonlyMap<string, AppVariable>,
  context: ManifestContext,
): { readonly sample: string | undefined } | false {
  const declared = context.positions.keys(context.manifest.variables ?? {});
  try {
    const parts = parseTemplate(template.text);
    for (const name of templateVariables(parts)) {
      if (isDeclared(name, context)) continue;
      throw new WhorlError(
        "manifest",
        `unknown variable "${name}"${didYouMean(name, declared) || "; declare it in [variables]"}`,
      );
    }
    const defaults = [...variables].flatMap(([name, each]) =>
      each.default === undefined ? [] : [[name, each.default] as const],
    );
    return { sample: resolveTemplate(parts, new Map(defaults)) };
  } catch (error) {
    if (!(error instanceof WhorlError)) throw error;
    context.problems.add("manifest", template.at, error.message);
    return false;
  }
}

/** Also if its declaration is wrong: that is reported by itself. */
function isDeclared(name: string, { manifest, positions }: ManifestContext): boolean {
  return manifest.variables !== undefined && positions.has(manifest.variables, name);
}

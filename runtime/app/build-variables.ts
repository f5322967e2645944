import { WhorlError } from "../error.ts";
import type { AppVariable } from "./app.ts";
import type { ManifestContext } from "./manifest-context.ts";
import { didYouMean } from "./nearest-name.ts";
import { isVariableName, parseTemplate, resolveTemplate, templateVariables } from "./template.ts";
import type { Position } from "./toml-document.ts";

/** Checks `[variables]` and gives each its value, which is its default. */
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
    } else if (variable.default !== undefined) {
      variables.set(name, { value: variable.default, isSecret: variable.secret === true });
    } else if (isRequired) {
      problems.add(
        "unsupported",
        position,
        `variable "${name}" is required, but values of variables cannot be given yet; replace "required" by a default`,
      );
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
 * The text of a template with the values of the app's variables; undefined if it cannot be had,
 * the reason being reported then.
 */
export function resolveManifestTemplate(
  template: TemplateText,
  variables: ReadonlyMap<string, AppVariable>,
  context: ManifestContext,
): string | undefined {
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
    return resolveTemplate(
      parts,
      new Map([...variables].map(([name, { value }]) => [name, value])),
    );
  } catch (error) {
    if (!(error instanceof WhorlError)) throw error;
    context.problems.add("manifest", template.at, error.message);
    return undefined;
  }
}

/** Also if its declaration is wrong: that is reported by itself. */
function isDeclared(name: string, { manifest, positions }: ManifestContext): boolean {
  return manifest.variables !== undefined && positions.has(manifest.variables, name);
}

import { WhorlError } from "../error.ts";

/** Literal text or the name of an app variable. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string };

const namePattern = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;

/** Whether a text is a name of a variable: lower-case words of letters and digits, joined by `_`. */
export function isVariableName(name: string): boolean {
  return namePattern.test(name);
}

/**
 * Parses `text {{ variable }} text`. There is no escape; a lone `}}` is text.
 * @throws WhorlError `manifest` for a `{{` that is not closed or a name that is none.
 */
export function parseTemplate(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let rest = template;
  for (;;) {
    const open = rest.indexOf("{{");
    const text = open === -1 ? rest : rest.slice(0, open);
    if (text !== "") parts.push({ kind: "text", text });
    if (open === -1) return parts;
    const close = rest.indexOf("}}", open + 2);
    if (close === -1) {
      throw new WhorlError("manifest", `"{{" without "}}" in "${template}"; close it`);
    }
    const name = rest.slice(open + 2, close).trim();
    if (!isVariableName(name)) {
      throw new WhorlError(
        "manifest",
        `"${name}" in "${template}" is not a variable name; use lower-case words joined by "_"`,
      );
    }
    parts.push({ kind: "variable", name });
    rest = rest.slice(close + 2);
  }
}

/** Names of the variables in a template. */
export function templateVariables(parts: readonly TemplatePart[]): string[] {
  return parts.flatMap((part) => (part.kind === "variable" ? [part.name] : []));
}

/** The template's text; undefined if a variable in it has no value. */
export function resolveTemplate(
  parts: readonly TemplatePart[],
  values: ReadonlyMap<string, string>,
): string | undefined {
  let resolved = "";
  for (const part of parts) {
    const text = part.kind === "text" ? part.text : values.get(part.name);
    if (text === undefined) return undefined;
    resolved += text;
  }
  return resolved;
}

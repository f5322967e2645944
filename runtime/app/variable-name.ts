/**
 * Why a text cannot be the name of a variable, in Spin's words; undefined if it can. The first
 * reason of several.
 */
export function variableNameProblem(name: string): string | undefined {
  const reason = reasonAgainst(name);
  return reason === undefined ? undefined : `${JSON.stringify(name)}: ${reason}`;
}

function reasonAgainst(name: string): string | undefined {
  if (name === "") return "must not be empty";
  const invalid = Array.from(name).find((char) => !/[a-z0-9_]/.test(char));
  if (invalid !== undefined) {
    return `invalid character '${invalid}'. Variable names may contain only lower-case letters, numbers, and underscores.`;
  }
  if (!/^[a-z]/.test(name)) return "must start with a lowercase ASCII letter";
  if (name.endsWith("_")) return "must end with a lowercase ASCII letter or digit";
  if (name.includes("__")) return "must not contain multiple consecutive underscores";
  return undefined;
}

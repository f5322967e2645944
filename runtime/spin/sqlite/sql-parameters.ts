const identifierPart = String.raw`[\w$\u0080-\uffff]`;

/** What SQLite's tokenizer tells apart, as far as parameters can be mistaken for other things. */
const token = new RegExp(
  [
    String.raw`'(?:[^']|'')*'|"(?:[^"]|"")*"|\`(?:[^\`]|\`\`)*\`|\[[^\]]*\]`,
    String.raw`--[^\n]*|/\*[\s\S]*?(?:\*/|$)`,
    String.raw`[\w\u0080-\uffff]${identifierPart}*`,
    String.raw`\?(?<number>\d*)`,
    String.raw`(?<name>[:@$]${identifierPart}+(?:::${identifierPart}+)*(?:\([^)\s]*\))?)`,
    `(?<end>;)`,
    String.raw`[\s\S]`,
  ].join("|"),
  "g",
);

/** Number that SQLite gives a parameter at most (SQLITE_MAX_VARIABLE_NUMBER). */
const numberMax = 32_766;

/**
 * Parameters of the first statement of a text by SQLite's numbering (sqlite.org/lang_expr.html,
 * "Parameters"), from number 1 on: its name such as `:a`, or undefined for `?` and `?3`.
 */
export function sqlParameters(text: string): readonly (string | undefined)[] {
  const names: (string | undefined)[] = [];
  let hasStarted = false;
  for (const { 0: found, groups } of text.matchAll(token)) {
    if (groups?.["end"] !== undefined) {
      if (hasStarted) break;
    } else if (groups?.["number"] !== undefined) {
      addNumbered(names, groups["number"]);
    } else if (groups?.["name"] !== undefined && !names.includes(groups["name"])) {
      names.push(groups["name"]);
    }
    hasStarted ||= !/^(?:\s|;|--|\/\*)/.test(found);
  }
  return names;
}

function addNumbered(names: (string | undefined)[], digits: string): void {
  const number = digits === "" ? names.length + 1 : Number(digits);
  // SQLite refuses the statement.
  if (number > numberMax) return;
  while (names.length < number) names.push(undefined);
}

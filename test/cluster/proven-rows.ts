/** A test of the tier, as reports name it. */
export interface ProvingTest {
  /** File without `.test.ts`. */
  readonly file: string;
  readonly title: string;
}

/** A row of docs/kubernetes.md. */
export interface ProvenRow {
  readonly what: string;
  readonly how: string;
  readonly tests: readonly ProvingTest[];
}

const literal = String.raw`"(?:[^"\\]|\\.)*"`;

/** A comment with rows, and the call of `test` or `test.each` right below it with a literal title. */
const declaration = new RegExp(
  String.raw`\/\*\*((?:(?!\*\/)[^])*@proves(?:(?!\*\/)[^])*)\*\/\s*test(?:\.each\([^;]*?\))?\(\s*(${literal})`,
  "gu",
);

const tag = /@proves\s/gu;

/**
 * The rows that comments above tests declare, in the order of the files and of the tests in them:
 * `@proves Job | its exit status is the container's`, and `@proves Job` above further tests of that row.
 * Throws where no test is below a declaration, and where not exactly one of them says how it is.
 */
export function provenRows(files: readonly { name: string; text: string }[]): readonly ProvenRow[] {
  const rows = new Map<string, { hows: string[]; tests: ProvingTest[] }>();
  for (const { name, text } of files) {
    const found = [...text.matchAll(declaration)].map(([, comment = "", title = ""]) => ({
      declared: declaredRows(comment),
      title: JSON.parse(title) as string,
    }));
    const read = found.reduce((sum, { declared }) => sum + declared.length, 0);
    const written = text.match(tag)?.length ?? 0;
    if (read !== written) {
      throw new Error(
        `${name}: ${written - read} of ${written} @proves stand above no test with a literal title`,
      );
    }
    for (const { declared, title } of found) {
      for (const { what, how } of declared) {
        const known = rows.get(what) ?? { hows: [], tests: [] };
        if (how !== undefined) known.hows.push(how);
        known.tests.push({ file: name.replace(/\.test\.ts$/u, ""), title });
        rows.set(what, known);
      }
    }
  }
  return Array.from(rows, ([what, { hows, tests }]) => {
    const [how, ...others] = hows;
    if (how === undefined || others.length > 0) {
      throw new Error(`"${what}": ${hows.length} tests say how it is, it has to be one`);
    }
    return { what, how, tests };
  });
}

/** Rows of a comment; one that is too long goes on in the next line. */
function declaredRows(comment: string): readonly { what: string; how: string | undefined }[] {
  const prose = comment.replaceAll(/^\s*\*/gmu, " ").replaceAll(/\s+/gu, " ");
  const [, ...rows] = prose.split("@proves ");
  return rows.map((row) => {
    const [what = "", how] = row.trim().split(" | ");
    return { what, how };
  });
}

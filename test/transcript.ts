/** A command of a page of docs/, and what it shows. */
export interface Step {
  readonly command: string;
  /** As the page shows it; `...` stands for anything. */
  readonly output: string;
}

/** The commands of all `console` blocks in order. */
export function stepsOf(text: string): Step[] {
  const blocks = [...text.matchAll(/^```console\n([^]*?)^```/gm)].map(([, block = ""]) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const end = step.indexOf("\n");
        return { command: step.slice(0, end), output: step.slice(end + 1) };
      }),
  );
}

/** A line of `...` is any number of lines, `...` within a line the rest of it. */
export function outputPattern(output: string): RegExp {
  const escaped = output
    .replaceAll(/[\\^$*+?()[\]{}|]/g, String.raw`\$&`)
    .replaceAll("/", String.raw`\/`);
  const lines = escaped.replaceAll(/^\.\.\.\n/gm, "\u{0}").replaceAll("...", "\u{1}");
  const literal = lines.replaceAll(".", String.raw`\.`);
  return new RegExp(`^${literal.replaceAll("\u{0}", "(?:.*\n)*").replaceAll("\u{1}", ".*")}$`);
}

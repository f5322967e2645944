import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { provenRows, type ProvenRow } from "./proven-rows.ts";
import { sampleRows, type SampleRow } from "./sample-rows.ts";

/** The page, written in part. */
export const kubernetesPage: string = fileURLToPath(
  new URL("../../docs/kubernetes.md", import.meta.url),
);

const folder = new URL("./", import.meta.url);

/** Files with what a reader looks for first; the others follow by their name. */
const order = ["samples", "workload", "kubectl", "change"];

/** docs/kubernetes.md with the tables that the tests declare now. Throws where the page has no place for them. */
export function writtenPage(page: string): string {
  const files = testFiles();
  const parts = { rows: table(provenRows(files)), samples: sampleTable(sampleRows()) };
  return Object.entries(parts).reduce((text, [name, content]) => {
    const [begin, end] = [`<!-- written: ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/kubernetes.md lacks ${begin} ... ${end}`);
    return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`;
  }, page);
}

function testFiles(): readonly { name: string; text: string }[] {
  const names = ["", "long/"].flatMap((within) =>
    readdirSync(new URL(`./${within}`, folder))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${within}${name}`),
  );
  const place = (name: string): number => {
    const at = order.indexOf(name.replace(".test.ts", ""));
    return at < 0 ? order.length : at;
  };
  return names
    .toSorted((a, b) => place(a) - place(b) || (a < b ? -1 : 1))
    .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));
}

function table(rows: readonly ProvenRow[]): string {
  const lines = rows.map(({ what, how, tests }) => {
    const shown = tests.map(({ file, title }) => `\`${file}\`: ${title}`);
    return `| ${what} | ${how} | ${shown.join("; ")} |`;
  });
  return ["| of Kubernetes | with a Wasm container | test |", "| --- | --- | --- |", ...lines].join(
    "\n",
  );
}

function sampleTable(rows: readonly SampleRow[]): string {
  const lines = rows.map(({ name, about, shownBy }) => `| \`${name}\` | ${about} | ${shownBy} |`);
  return ["| sample | about | shown by |", "| --- | --- | --- |", ...lines].join("\n");
}

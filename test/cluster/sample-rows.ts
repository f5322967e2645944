import { readFileSync, readdirSync } from "node:fs";
import { foreignManifests } from "../operator/foreign-kinds.ts";

/** A file of deploy/samples, for docs/kubernetes.md. */
export interface SampleRow {
  /** Without `.yaml`. */
  readonly name: string;
  /** The first sentence of its comment. */
  readonly about: string;
  readonly shownBy: string;
}

const samples = new URL("../../deploy/samples/", import.meta.url);
const clusterTests = new URL("./", import.meta.url);

/** Its definition is in no Go module that could be had: read by hand. */
const readByHand: Readonly<Record<string, string>> = {
  "cluster-api-helm-chart": "held against the add-on provider's definition by hand",
};

/** All samples with what shows that they work. Throws where nothing does. */
export function sampleRows(): readonly SampleRow[] {
  const tests = clusterTestFiles();
  return readdirSync(samples)
    .toSorted()
    .map((file) => {
      const name = file.replace(/\.yaml$/u, "");
      const text = readFileSync(new URL(file, samples), "utf8");
      return { name, about: aboutOf(file, text), shownBy: shownBy(name, tests) };
    });
}

function aboutOf(file: string, text: string): string {
  const [comment = ""] = /^(?:#.*\n)+/u.exec(text) ?? [];
  const prose = comment.replaceAll(/^# ?/gmu, "").replaceAll(/\s+/gu, " ");
  const [sentence] = /^.+?[.](?= |$)/u.exec(prose) ?? [];
  if (sentence === undefined) throw new Error(`deploy/samples/${file} says nothing about itself`);
  return sentence.replace(/\.$/u, "");
}

function shownBy(name: string, tests: readonly { file: string; text: string }[]): string {
  const applying = tests
    .filter(({ file, text }) => {
      const isTable = file === "samples.test.ts" && text.includes(`"${name}"`);
      return isTable || text.includes(`samples/${name}.yaml`);
    })
    .map(({ file }) => `applied by \`test/cluster/${file}\``);
  const held = foreignManifests
    .filter(({ file }) => file === `samples/${name}.yaml`)
    .map(({ definitions: { project, module } }) => {
      return `accepted by ${project}'s definition of ${module.version}, \`test/operator/foreign-kinds.test.ts\``;
    });
  const hand = readByHand[name];
  const all = [...applying, ...held, ...(hand === undefined ? [] : [hand])];
  if (all.length === 0) throw new Error(`no test shows that deploy/samples/${name}.yaml works`);
  return all.join("; ");
}

function clusterTestFiles(): readonly { file: string; text: string }[] {
  return ["", "long/"].flatMap((folder) =>
    readdirSync(new URL(folder, clusterTests))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => {
        const file = `${folder}${name}`;
        return { file, text: readFileSync(new URL(file, clusterTests), "utf8") };
      }),
  );
}

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { executorCrd, spinAppCrd } from "./crds.ts";

const header = "# Made by operator/api/generate-crds.ts: change the schema there.\n";

/** The files of deploy/crds with their text. */
export function crdFiles(): Readonly<Record<string, string>> {
  const text = (crd: object): string =>
    header + stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false });
  return {
    "core.spinkube.dev_spinapps.yaml": text(spinAppCrd()),
    "core.spinkube.dev_spinappexecutors.yaml": text(executorCrd()),
  };
}

/** Folder of the generated files. */
export const crdFolder: string = fileURLToPath(new URL("../../deploy/crds/", import.meta.url));

if (import.meta.main) {
  mkdirSync(crdFolder, { recursive: true });
  for (const [name, text] of Object.entries(crdFiles())) writeFileSync(crdFolder + name, text);
}

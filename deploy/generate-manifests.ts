/** `npm run manifests`: deploy/manifests from the chart, for kubectl and kustomize. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { helm } from "../test/servers/helm.ts";
import { chartFolder } from "./chart-files.ts";
import { plainManifests, templateArguments } from "./plain-manifests.ts";

const folder = fileURLToPath(new URL("manifests/", import.meta.url));
mkdirSync(folder, { recursive: true });
const rendered = helm(["template", "whorl", chartFolder, ...templateArguments]);
for (const [name, text] of Object.entries(plainManifests(rendered))) {
  writeFileSync(folder + name, text);
}

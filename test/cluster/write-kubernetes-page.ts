/** Writes the tables of docs/kubernetes.md: `node bin/node.js test/cluster/write-kubernetes-page.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { kubernetesPage, writtenPage } from "./kubernetes-page.ts";

writeFileSync(kubernetesPage, writtenPage(readFileSync(kubernetesPage, "utf8")));

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { webhookFiles } from "../operator/admission/generate-webhooks.ts";
import { crdFiles } from "../operator/api/generate-crds.ts";
import {
  leaseRules,
  metricsGuardRules,
  metricsReaderRules,
  operatorRules,
  peopleRules,
  sharedExecutorRules,
  webhookSecretRules,
  webhookTrustRules,
} from "../operator/api/rbac.ts";

/** The chart's folder. */
export const chartFolder: string = fileURLToPath(new URL("chart/", import.meta.url));

/** Files of the chart that are made from the operator's sources, with their text. */
export function chartFiles(): Readonly<Record<string, string>> {
  const rules = {
    operator: operatorRules,
    lease: leaseRules,
    sharedExecutors: sharedExecutorRules,
    metricsGuard: metricsGuardRules,
    metricsReader: metricsReaderRules,
    webhookSecret: webhookSecretRules,
    webhookTrust: webhookTrustRules,
    people: peopleRules,
  };
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  const header = "# Made by deploy/chart-files.ts: change operator/api/rbac.ts.\n";
  return {
    ...Object.fromEntries(
      Object.entries(crdFiles()).map(([name, text]) => [`files/crds/${name}`, text]),
    ),
    "files/rules.yaml": header + stringify(rules, options),
    "files/webhooks.yaml": Object.values(webhookFiles()).join("---\n"),
  };
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(chartFiles())) {
    mkdirSync(dirname(join(chartFolder, name)), { recursive: true });
    writeFileSync(join(chartFolder, name), text);
  }
}

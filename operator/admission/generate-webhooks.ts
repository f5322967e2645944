import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { webhookConfigurations } from "./webhook-configuration.ts";
import { webhookNames } from "./webhook-paths.ts";

const header =
  "# Made by operator/admission/generate-webhooks.ts. Optional: the rules of the CRDs do without.\n";
const namespace = "spin-operator";

/** The files of deploy/webhooks with their text. */
export function webhookFiles(): Readonly<Record<string, string>> {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: webhookNames.service, namespace },
    spec: {
      selector: { "control-plane": "controller-manager" },
      ports: [{ port: 443, protocol: "TCP", targetPort: 9443 }],
    },
  };
  const objects = [service, ...webhookConfigurations(namespace)];
  const options = { lineWidth: 0, aliasDuplicateObjects: false };
  const text = objects.map((object) => stringify(object, options)).join("---\n");
  return { "webhooks.yaml": header + text };
}

/** Folder of the generated files. */
export const webhookFolder: string = fileURLToPath(
  new URL("../../deploy/webhooks/", import.meta.url),
);

if (import.meta.main) {
  mkdirSync(webhookFolder, { recursive: true });
  for (const [name, content] of Object.entries(webhookFiles())) {
    writeFileSync(webhookFolder + name, content);
  }
}

import { parseAllDocuments, stringify } from "yaml";
import { webhookFiles } from "../../operator/admission/generate-webhooks.ts";
import type { Manifest } from "../../operator/desired/manifest.ts";

/**
 * deploy/webhooks as it is, but for the Service: there is no pod network here, and the API server
 * follows an external name. The certificate is checked for the Service's name all the same.
 */
export function webhooksHere(port: number): string {
  const objects = parseAllDocuments(webhookFiles()["webhooks.yaml"] ?? "");
  const here = objects.map((document) => {
    const object = document.toJS() as Manifest;
    if (object.kind === "Service") {
      const spec = { type: "ExternalName", externalName: "localhost", ports: [{ port }] };
      return { ...object, spec };
    }
    const webhooks = object["webhooks"] as { readonly clientConfig: { service: object } }[];
    for (const { clientConfig } of webhooks) {
      clientConfig.service = { ...clientConfig.service, port };
    }
    return object;
  });
  return here.map((object) => stringify(object)).join("---\n");
}

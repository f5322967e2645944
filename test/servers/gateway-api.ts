import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type GoModule, goModule } from "./go-module.ts";

/** Gateway API's sources. */
export const gatewayApiModule: GoModule = {
  path: "sigs.k8s.io/gateway-api",
  version: "v1.6.3",
  sum: "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=",
};

/** All definitions of its standard channel: too large for a client-side apply. */
export function gatewayApiCrds(): readonly string[] {
  const folder = join(goModule(gatewayApiModule), "config/crd/standard");
  return readdirSync(folder)
    .filter((name) => name.startsWith("gateway.networking.k8s.io_") && !name.includes("_vap_"))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

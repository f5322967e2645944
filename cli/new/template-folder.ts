import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { WhorlError } from "../../runtime/error.ts";

/**
 * The folder of the templates: beside the sources in a checkout, beside dist/ in a package.
 * @throws WhorlError `file` if the installation has none.
 */
export function templateFolder(): string {
  const candidates = ["../../templates/", "../templates/"];
  const folders = candidates.map((each) => fileURLToPath(new URL(each, import.meta.url)));
  const found = folders.find((folder) => existsSync(folder));
  if (found !== undefined) return found;
  throw new WhorlError("file", `there are no templates in ${folders.join(" or ")}; install again`);
}

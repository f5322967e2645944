import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import type { KubeObject } from "../kube/object.ts";
import { render } from "./render.ts";

/**
 * Each case is a file of manifests and a file of what is made of them; `vitest -u` writes the second
 * anew. Review reads the difference.
 */
const folder = new URL("../golden/apps/", import.meta.url);
const cases = readdirSync(folder)
  .filter((file) => file.endsWith(".in.yaml"))
  .map((file) => file.replace(/\.in\.yaml$/u, ""));

const uid = "11111111-2222-3333-4444-555555555555";

test.each(cases)("desiredChildren of %s", async (name) => {
  const text = readFileSync(new URL(`${name}.in.yaml`, folder), "utf8");
  const objects = parseAllDocuments(text).map((document) => withUid(document.toJS() as KubeObject));
  const rendered = render(objects);
  expect(rendered.flatMap(({ violations }) => violations)).toEqual([]);
  const children = rendered.flatMap(({ children: own }) => own);
  const golden = new URL(`${name}.out.yaml`, folder).pathname;
  await expect(children.map((child) => yaml(child)).join("---\n")).toMatchFileSnapshot(golden);
});

function withUid(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, uid } };
}

/** Secrets are shown as text, so that a review sees what is in them. */
function yaml(child: KubeObject & { readonly data?: Readonly<Record<string, string>> }): string {
  if (child.kind !== "Secret") return stringify(child, { aliasDuplicateObjects: false });
  const data = Object.entries(child.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, "base64").toString(),
  ]);
  return stringify({ ...child, data: Object.fromEntries(data) as object });
}

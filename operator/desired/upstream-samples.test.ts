import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../kube/object.ts";
import { childLines } from "./child-lines.ts";
import type { Manifest } from "./manifest.ts";
import { decoded, render } from "./render.ts";

const folder = new URL("../golden/upstream-samples/", import.meta.url);

/** What spin-operator makes of its samples, by app: the simple one, and how others differ. */
function expectations(): ReadonlyMap<string, ReadonlySet<string>> {
  const apps = new Map<string, Set<string>>();
  let current = new Set<string>();
  for (const line of readFileSync(new URL("children.txt", folder), "utf8").trimEnd().split("\n")) {
    if (line.startsWith("#")) continue;
    if (line.startsWith("+ ")) current.add(line.slice(2));
    else if (line.startsWith("- ")) current.delete(line.slice(2));
    else {
      current = new Set(apps.get("simple-spinapp"));
      apps.set(line, current);
    }
  }
  return apps;
}

/** As if they were stored in the namespace `default`. */
function samples(): readonly KubeObject[] {
  const text = readFileSync(new URL("samples.yaml", folder), "utf8");
  return parseAllDocuments(text).map((document) => {
    const object = document.toJS() as KubeObject;
    const uid = "11111111-2222-3333-4444-555555555555";
    return { ...object, metadata: { ...object.metadata, namespace: "default", uid } };
  });
}

function visible(child: Manifest): object {
  if (child.kind !== "Secret") return child;
  const data = decoded(child["data"] as Readonly<Record<string, string>>);
  return { metadata: { name: child.metadata.name }, toml: data["runtime-config.toml"] };
}

const wanted = expectations();
const rendered = render(samples());

test("every sample is compared", () => {
  expect(rendered.map(({ app }) => app.metadata.name).toSorted()).toEqual(
    [...wanted.keys()].toSorted(),
  );
});

test.each(rendered.map((one) => [one.app.metadata.name, one] as const))(
  "%s: children are those that spin-operator makes",
  (name, { children, violations }) => {
    expect(violations).toEqual([]);
    const lines = children.flatMap((child) =>
      childLines(visible(child), name).map((line) => child.kind + line),
    );
    expect(lines.toSorted()).toEqual([...(wanted.get(name) ?? [])].toSorted());
  },
);

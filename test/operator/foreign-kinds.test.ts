/** Manifests for other projects' controllers, held against the definitions that these projects publish. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { definitionsOf, foreignManifests } from "./foreign-kinds.ts";
import { TestCluster } from "./test-cluster.ts";

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await TestCluster.start();
  const texts = new Set(foreignManifests.flatMap(({ definitions }) => definitionsOf(definitions)));
  // Some are larger than the annotation that a client-side apply would write.
  cluster.server.kubectl(["apply", "--server-side", "-f", "-"], [...texts].join("\n---\n"));
  await cluster.established(
    Array.from(texts, (text) => (parse(text) as { metadata: { name: string } }).metadata.name),
  );
  namespace = cluster.namespace();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function read(file: string): string {
  return readFileSync(new URL(`../../deploy/${file}`, import.meta.url), "utf8");
}

/** What the API server says to a manifest, which it does not keep. */
function tried(text: string): string {
  const args = ["apply", "-n", namespace, "--dry-run=server", "--validate=strict", "-f", "-"];
  return cluster.server.kubectl(args, text);
}

test.each(foreignManifests)("deploy/$file is as $definitions.project defines it", (each) => {
  const { file, object } = each;
  expect(tried(read(file))).toContain(`${object} created (server dry run)`);
});

test.each(foreignManifests)("a mistake in deploy/$file is found", ({ file, mistake }) => {
  const [text, wrong, field] = mistake;
  expect(read(file)).toContain(text);
  expect(() => tried(read(file).replace(text, wrong))).toThrow(field);
});

test("the alert rules are a PrometheusRule's spec", () => {
  const rule = {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: "whorl" },
    spec: parse(read("monitoring/alert-rules.yaml")) as object,
  };
  expect(tried(JSON.stringify(rule))).toContain(
    "prometheusrule.monitoring.coreos.com/whorl created",
  );
});

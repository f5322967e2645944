import { expect, test } from "vitest";
import type { SpinAppSpec } from "../api/spin-app.ts";
import {
  configReferences,
  missingReferences,
  referencesDigest,
  rolloutReferences,
  startReferences,
} from "./references.ts";
import type { ReferencedValues } from "./runtime-config.ts";

const good: SpinAppSpec = { image: "i", executor: "e" };
const values: ReferencedValues = {
  configMap: (name) => (name === "cm" ? { k: "1" } : undefined),
  secret: (name) => (name === "s" ? { k: "2" } : undefined),
};

test("references of variables, certificates, telemetry and a whole configuration", () => {
  const spec: SpinAppSpec = {
    ...good,
    variables: [
      { name: "a", valueFrom: { configMapKeyRef: { name: "cm", key: "k" } } },
      { name: "b", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "c", value: "plain" },
    ],
    runtimeConfig: { loadFromSecret: "whole" },
    telemetry: { headersFrom: { name: "headers", key: "h" } },
  };
  const found = startReferences(spec, { caCertSecret: "ca" });
  expect(found.map(({ kind, name, key }) => `${kind} ${name} ${key}`)).toEqual([
    "ConfigMap cm k",
    "Secret whole runtime-config.toml",
    "Secret ca ca-certificates.crt",
    "Secret headers h",
  ]);
  expect(configReferences(spec)).toEqual([]);
  expect(startReferences(good, { caCertSecret: "ca", installDefaultCACerts: true })).toEqual([]);
});

const reference = (
  name: string,
  key: string,
  optional = false,
): Parameters<typeof missingReferences>[0][number] => ({
  kind: "Secret",
  name,
  key,
  optional,
  field: "variable x",
});

test.each([
  { given: reference("s", "k"), missing: [] },
  { given: reference("s", "z"), missing: ["variable x: Secret s has no key z"] },
  { given: reference("none", "k"), missing: ["variable x: Secret none does not exist"] },
  { given: reference("none", "k", true), missing: [] },
])("missingReferences of $given.name/$given.key", ({ given, missing }) => {
  expect(missingReferences([given], values)).toEqual(missing);
});

test("the digest changes with a value, a key and an appearance, and not with anything else", () => {
  const digest = (data: Readonly<Record<string, string>> | undefined): string | undefined =>
    referencesDigest([reference("s", "k")], { ...values, secret: () => data });
  expect(digest({ k: "1" })).toMatch(/^[0-9a-f]{8}$/u);
  expect(digest({ k: "1", other: "x" })).toBe(digest({ k: "1" }));
  expect(
    new Set([digest({ k: "1" }), digest({ k: "2" }), digest({}), digest({ k: "" })]).size,
  ).toBe(4);
  expect(digest({})).toBe(digest(undefined));
  expect(referencesDigest([], values)).toBeUndefined();
});

test.each([
  { name: "nothing referenced", facts: {}, annotation: undefined, baseline: undefined },
  { name: "first seen", facts: { current: "1" }, annotation: undefined, baseline: "1" },
  {
    name: "unchanged",
    facts: { current: "1", baseline: "1" },
    annotation: undefined,
    baseline: "1",
  },
  { name: "changed", facts: { current: "2", baseline: "1" }, annotation: "2", baseline: "1" },
  {
    name: "changed back",
    facts: { current: "1", baseline: "1", annotation: "2" },
    annotation: undefined,
    baseline: "1",
  },
  {
    name: "restored without its status",
    facts: { current: "3", annotation: "2" },
    annotation: "3",
    baseline: undefined,
  },
  {
    name: "missing: pods keep what they have",
    facts: { current: "3", baseline: "1", annotation: "2", isMissing: true },
    annotation: "2",
    baseline: "1",
  },
  {
    name: "missing from the start",
    facts: { current: "3", isMissing: true },
    annotation: undefined,
    baseline: undefined,
  },
])("rolloutReferences: $name", ({ facts, annotation, baseline }) => {
  const none = { current: undefined, baseline: undefined, annotation: undefined, isMissing: false };
  expect(rolloutReferences({ ...none, ...facts })).toEqual({ annotation, baseline });
});

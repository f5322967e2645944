import { expect, test } from "vitest";
import type { RuntimeConfig } from "../api/spin-app.ts";
import { adler32Hex, runtimeConfigText } from "./runtime-config.ts";
import type { ReferencedValues } from "./runtime-config.ts";

const nothing: ReferencedValues = { configMap: () => undefined, secret: () => undefined };
const provider = "[[config_provider]]\ntype = 'env'\nprefix = 'SPIN_VARIABLE_'\n";

function option(name: string, value: string): { readonly name: string; readonly value: string } {
  return { name, value };
}

const odd = [
  option("q", "it's"),
  option("nl", "a\nb"),
  option("tab", "a\tb"),
  option("bs", "a'\\b\""),
  option("ctl", "a\u0001\u007fb"),
  option("uni", "grüße 😀"),
  option("empty", ""),
  option("a b", "x"),
  option("a'b", "y"),
  option("é", "z"),
  option("del", "\u007f"),
  option("cr", "a\r"),
  option("quni", "ü'\u0085"),
];

interface Row {
  readonly name: string;
  readonly config: RuntimeConfig;
  readonly suffix: string;
  readonly text: string;
}

/** Texts and checksums come from go-toml 2.2.4, the encoder of spin-operator. */
const rows: readonly Row[] = [
  { name: "empty", config: {}, suffix: "760b133c", text: provider },
  {
    name: "one store",
    config: {
      keyValueStores: [
        { name: "default", type: "redis", options: [option("url", "redis://localhost:9000")] },
      ],
    },
    suffix: "533932d0",
    text: `${provider}\n[key_value_store]\n[key_value_store.default]\ntype = 'redis'\nurl = 'redis://localhost:9000'\n`,
  },
  {
    name: "every table, names sorted by bytes and quoted",
    config: {
      keyValueStores: [
        { name: "default", type: "redis" },
        { name: "b.c", type: "x" },
        { name: "B", type: "y" },
        { name: "", type: "e" },
      ],
      sqliteDatabases: [
        { name: "two", type: "spin" },
        { name: "default", type: "libsql", options: [option("url", "u"), option("token", "t")] },
      ],
      llmCompute: { type: "remote_http", options: [option("url", "u"), option("auth_token", "a")] },
    },
    suffix: "e57a878b",
    text: `${provider}\n[key_value_store]\n[key_value_store.'']\ntype = 'e'\n\n[key_value_store.B]\ntype = 'y'\n\n[key_value_store.'b.c']\ntype = 'x'\n\n[key_value_store.default]\ntype = 'redis'\n\n[sqlite_database]\n[sqlite_database.default]\ntoken = 't'\ntype = 'libsql'\nurl = 'u'\n\n[sqlite_database.two]\ntype = 'spin'\n\n[llm_compute]\nauth_token = 'a'\ntype = 'remote_http'\nurl = 'u'\n`,
  },
  {
    name: "language models alone",
    config: { llmCompute: { type: "remote_http" } },
    suffix: "19a31feb",
    text: `${provider}\n[llm_compute]\ntype = 'remote_http'\n`,
  },
  {
    name: "quotes, control characters and other languages",
    config: { sqliteDatabases: [{ name: "w", type: "t", options: odd }] },
    suffix: "6ce65754",
    text: `${provider}\n[sqlite_database]\n[sqlite_database.w]\n'a b' = 'x'\n"a'b" = 'y'\nbs = "a'\\\\b\\""\ncr = "a\\r"\nctl = "a\\u0001\\u007Fb"\ndel = "\\u007F"\nempty = ''\nnl = "a\\nb"\nq = "it's"\nquni = "ü'\u0085"\ntab = 'a\tb'\ntype = 't'\nuni = 'grüße 😀'\n'é' = 'z'\n`,
  },
];

test.each(rows)("runtimeConfigText: $name", ({ config, suffix, text }) => {
  expect(runtimeConfigText(config, nothing)).toBe(text);
  expect(adler32Hex(text)).toBe(suffix);
});

test.each([
  { valueType: "boolean", value: "true", line: "x = true" },
  { valueType: "integer", value: "-42", line: "x = -42" },
  { valueType: "float", value: "1", line: "x = 1.0" },
  { valueType: "float", value: "2.5e3", line: "x = 2.5e3" },
  { valueType: "string", value: "true", line: "x = 'true'" },
] as const)("an option of type $valueType is written as $line", ({ valueType, value, line }) => {
  const options = [{ name: "x", value, valueType }];
  const text = runtimeConfigText({ llmCompute: { type: "t", options } }, nothing);
  expect(text).toContain(`${line}\n`);
});

test.each([
  { valueType: "boolean", value: "yes" },
  { valueType: "integer", value: "1.5" },
  { valueType: "integer", value: "007" },
  { valueType: "float", value: "1\nsecret = 2" },
] as const)("the value $value is no $valueType", ({ valueType, value }) => {
  const options = [{ name: "x", value, valueType }];
  expect(() => runtimeConfigText({ llmCompute: { type: "t", options } }, nothing)).toThrow(
    `the value of the runtime configuration option x is no ${valueType}`,
  );
});

const stored: ReferencedValues = {
  configMap: (name) => (name === "cm" ? { url: "from-map" } : undefined),
  secret: (name) => (name === "s" ? { token: "from-secret" } : undefined),
};

test.each([
  { from: { configMapKeyRef: { name: "cm", key: "url" } }, value: "from-map" },
  { from: { secretKeyRef: { name: "s", key: "token" } }, value: "from-secret" },
  { from: { secretKeyRef: { name: "s", key: "other" } }, value: "" },
  { from: { secretKeyRef: { name: "none", key: "x", optional: true } }, value: "" },
])("an option takes $value from $from", ({ from, value }) => {
  const options = [{ name: "x", valueFrom: from }];
  const text = runtimeConfigText({ llmCompute: { type: "t", options } }, stored);
  expect(text).toContain(`x = '${value}'\n`);
});

test("a missing Secret is named", () => {
  const options = [{ name: "url", valueFrom: { secretKeyRef: { name: "none", key: "x" } } }];
  expect(() => runtimeConfigText({ llmCompute: { type: "t", options } }, stored)).toThrow(
    "Secret none does not exist, but the runtime configuration option url takes its value from there",
  );
});

test.each([
  { field: "keyValueStores", text: "duplicate definition for key value store with name: a" },
  { field: "sqliteDatabases", text: "duplicate definition for sqlite database with name: a" },
] as const)("$field with the same name twice are refused", ({ field, text }) => {
  const stores = [
    { name: "a", type: "x" },
    { name: "a", type: "y" },
  ];
  expect(() => runtimeConfigText({ [field]: stores }, nothing)).toThrow(text);
});

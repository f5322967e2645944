import { OperatorError } from "../error.ts";
import type { RuntimeConfig, Store, StoreOption } from "../api/spin-app.ts";

/** Values of ConfigMap and Secret keys that an app refers to. */
export interface ReferencedValues {
  /** `data` of a ConfigMap of the app's namespace; undefined where there is none. */
  configMap(name: string): Readonly<Record<string, string>> | undefined;
  /** Decoded `data` of a Secret of the app's namespace; undefined where there is none. */
  secret(name: string): Readonly<Record<string, string>> | undefined;
}

/**
 * Text of the `runtime-config.toml` that is generated for an app. Byte for byte what spin-operator
 * writes (its TOML encoder: tables in this order, empty ones left out, keys of a table sorted by
 * bytes, a parent header before its children, one blank line between sibling tables), since the
 * Secret's name, and with it the pod template, depends on each byte.
 *
 * Throws `missing` for a ConfigMap or Secret that is not there, `invalid` for stores given twice.
 */
export function runtimeConfigText(config: RuntimeConfig, values: ReferencedValues): string {
  const sections = ["[[config_provider]]\ntype = 'env'\nprefix = 'SPIN_VARIABLE_'\n"];
  const keyValue = storeTables("key_value_store", config.keyValueStores ?? [], values);
  if (keyValue !== undefined) sections.push(keyValue);
  const sqlite = storeTables("sqlite_database", config.sqliteDatabases ?? [], values);
  if (sqlite !== undefined) sections.push(sqlite);
  if (config.llmCompute !== undefined) {
    sections.push(`[llm_compute]\n${optionLines(config.llmCompute, values)}`);
  }
  return sections.join("\n");
}

const kinds = { key_value_store: "key value store", sqlite_database: "sqlite database" } as const;

function storeTables(
  table: keyof typeof kinds,
  stores: readonly Store[],
  values: ReferencedValues,
): string | undefined {
  if (stores.length === 0) return undefined;
  const byName = new Map<string, Store>();
  for (const store of stores) {
    if (byName.has(store.name)) {
      throw new OperatorError(
        "invalid",
        `duplicate definition for ${kinds[table]} with name: ${store.name}`,
      );
    }
    byName.set(store.name, store);
  }
  const tables = [...byName.values()]
    .toSorted((a, b) => compareBytes(a.name, b.name))
    .map((store) => `[${table}.${tomlKey(store.name)}]\n${optionLines(store, values)}`);
  return `[${table}]\n${tables.join("\n")}`;
}

function optionLines(store: Omit<Store, "name">, values: ReferencedValues): string {
  const options = new Map<string, string>([["type", tomlString(store.type)]]);
  for (const option of store.options ?? []) options.set(option.name, optionValue(option, values));
  return [...options]
    .toSorted(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => `${tomlKey(name)} = ${value}\n`)
    .join("");
}

function optionValue(option: StoreOption, values: ReferencedValues): string {
  const text = option.value || referencedText(option, values);
  switch (option.valueType) {
    case undefined:
    case "string":
      return tomlString(text);
    case "boolean":
      if (text === "true" || text === "false") return text;
      break;
    case "integer":
      if (/^[+-]?(0|[1-9][0-9]*)$/u.test(text)) return text;
      break;
    case "float":
      if (/^[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/u.test(text)) {
        return /[.eE]/u.test(text) ? text : `${text}.0`;
      }
      break;
    default:
      break;
  }
  throw new OperatorError(
    "invalid",
    `the value of the runtime configuration option ${option.name} is no ${option.valueType}`,
  );
}

/** A missing key counts as empty text, as upstream; a missing object is an error there and here. */
function referencedText(option: StoreOption, values: ReferencedValues): string {
  const configMap = option.valueFrom?.configMapKeyRef;
  if (configMap !== undefined) {
    const name = configMap.name ?? "";
    const data = values.configMap(name);
    if (data === undefined && configMap.optional !== true) throw missing("ConfigMap", name, option);
    return data?.[configMap.key] ?? "";
  }
  const secret = option.valueFrom?.secretKeyRef;
  if (secret === undefined) return "";
  const name = secret.name ?? "";
  const data = values.secret(name);
  if (data === undefined && secret.optional !== true) throw missing("Secret", name, option);
  return data?.[secret.key] ?? "";
}

function missing(kind: string, name: string, option: StoreOption): OperatorError {
  return new OperatorError(
    "missing",
    `${kind} ${name} does not exist, but the runtime configuration option ${option.name} takes its value from there: create it`,
  );
}

/** Go's map keys are sorted by bytes of UTF-8, which differs from UTF-16 order beyond U+D7FF. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function tomlKey(key: string): string {
  return key !== "" && /^[A-Za-z0-9_-]+$/u.test(key) ? key : tomlString(key);
}

// oxlint-disable-next-line no-control-regex -- control characters cannot stand between single quotes
const needsEscapes = /['\u0000-\u0008\u000a-\u001f\u007f]/u;

/** Between single quotes where possible, otherwise between double quotes with escapes. */
function tomlString(text: string): string {
  if (!needsEscapes.test(text)) return `'${text}'`;
  let escaped = "";
  for (const character of text) escaped += escapeCharacter(character);
  return `"${escaped}"`;
}

const shortEscapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const isControl = code < 0x20 || code === 0x7f;
  return isControl ? `\\u${code.toString(16).toUpperCase().padStart(4, "0")}` : character;
}

/** Adler-32 of the text's UTF-8 (RFC 1950), as lower-case hexadecimal without padding. */
export function adler32Hex(text: string): string {
  let a = 1;
  let b = 0;
  for (const byte of Buffer.from(text)) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return (b * 65_536 + a).toString(16);
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { limits } from "../limits.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import { loadRuntimeConfig, parseRuntimeConfig } from "./load-runtime-config.ts";

const options = { workingDirectory: "/current", appDirectory: "/app" };

function parse(text: string, path: string | undefined = "/etc/rc.toml"): RuntimeConfig {
  return parseRuntimeConfig(text, path, options);
}

function messageOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

const environmentLast = { type: "env", prefix: "SPIN_VARIABLE", dotenvPath: "/current/.env" };

test("without a file, everything has its default", () => {
  expect(parse("", undefined)).toEqual({
    stateDirectory: "/app/.spin",
    logDirectory: "/app/.spin/logs",
    instanceMemoryBytesMax: undefined,
    variableProviders: [environmentLast],
    keyValueStores: new Map([
      ["default", { type: "spin", path: "/app/.spin/sqlite_key_value.db" }],
    ]),
    sqliteDatabases: new Map([
      ["default", { type: "spin", path: "/app/.spin/sqlite_db.db", allowAttachFile: false }],
    ]),
    llmCompute: undefined,
    outboundHttp: { isPooling: true, connectionsMax: undefined },
    outboundNetworking: {
      blockedNetworks: [],
      blocksPrivateNetworks: false,
      socketConnectionsMax: undefined,
      totalConnectionsMax: undefined,
    },
    outboundRedis: { connectionsMax: undefined },
    outboundPostgres: { connectionsMax: undefined },
    outboundMysql: { connectionsMax: undefined },
    outboundMqtt: { connectionsMax: undefined, payloadBytesMax: undefined },
    clientTls: [],
  });
});

describe("state_dir and log_dir", () => {
  test.each([
    ["beside the manifest", "", {}, "/app/.spin", "/app/.spin/logs"],
    ["of the file", 'state_dir = "s"\nlog_dir = "/l"', {}, "/current/s", "/l"],
    ["none by the file", 'state_dir = ""\nlog_dir = ""', {}, undefined, undefined],
    ["of the command line", 'state_dir = "s"', { stateDirectory: "/c" }, "/c", "/c/logs"],
    ["none by the command line", 'state_dir = "s"', { stateDirectory: "" }, undefined, undefined],
    ["none for an app of elsewhere", "", { appDirectory: undefined }, undefined, undefined],
  ])("%s", (...[, text, changed, state, log]) => {
    const config = parseRuntimeConfig(text, undefined, { ...options, ...changed });
    expect([config.stateDirectory, config.logDirectory]).toEqual([state, log]);
    const path = state === undefined ? undefined : join(state, "sqlite_key_value.db");
    expect(config.keyValueStores.get("default")).toEqual({ type: "spin", path });
  });
});

test("every key of every kind", () => {
  const config = parse(`
max_instance_memory = 1048576
[[variables_provider]]
type = "static"
values = { a = "1" }
[[variables_provider]]
type = "env"
prefix = "P"
dotenv_path = "x/.env"
[[variables_provider]]
type = "vault"
url = "http://127.0.0.1:8200"
token = "root"
mount = "secret"
prefix = "p"
[[variables_provider]]
type = "azure_key_vault"
vault_url = "https://v.example"
client_id = "i"
client_secret = "s"
tenant_id = "t"
authority_host = "AzureChina"
[[variables_provider]]
type = "azure_key_vault"
vault_url = "https://v.example"
[key_value_store.file]
type = "spin"
path = "kv.db"
[key_value_store.memory]
type = "spin"
[key_value_store.default]
type = "redis"
url = "redis://h:1/2"
[key_value_store.cosmos]
type = "azure_cosmos"
key = "k"
account = "a"
database = "d"
container = "c"
[key_value_store.dynamo]
type = "aws_dynamo"
region = "r"
table = "t"
access_key = "a"
secret_key = "s"
token = "t"
consistent_read = true
[sqlite_database.file]
type = "spin"
path = "a.db"
allow_attach_file = true
[sqlite_database.remote]
type = "libsql"
url = "https://h"
token = "t"
[llm_compute]
type = "remote_http"
url = "http://h:1"
auth_token = "t"
api_type = "open_ai"
[outbound_http]
max_connections = 5
[outbound_networking]
block_networks = ["10.1.2.3/8", "::1", "private"]
max_socket_connections = 1
max_total_connections = 2
[outbound_redis]
max_connections = 3
[outbound_pg]
max_connections = 4
[outbound_mysql]
max_connections = 5
[outbound_mqtt]
max_connections = 6
max_payload_size_bytes = 7
[[client_tls]]
component_ids = ["a"]
hosts = ["h", "*.example.com"]
ca_roots_file = "roots.pem"
client_cert_file = "/c.pem"
client_private_key_file = "k.pem"
[[client_tls]]
component_ids = ["b"]
hosts = ["h"]
ca_use_webpki_roots = true
`);
  expect(config).toMatchObject({
    instanceMemoryBytesMax: 1_048_576,
    variableProviders: [
      { type: "static", values: new Map([["a", "1"]]) },
      { type: "env", prefix: "P", dotenvPath: "/current/x/.env" },
      {
        type: "vault",
        url: "http://127.0.0.1:8200",
        token: "root",
        mount: "secret",
        prefix: "p",
      },
      {
        type: "azure_key_vault",
        vaultUrl: "https://v.example",
        credentials: {
          clientId: "i",
          clientSecret: "s",
          tenantId: "t",
          authorityHost: "AzureChina",
        },
      },
      { type: "azure_key_vault", credentials: undefined },
      environmentLast,
    ],
    llmCompute: { type: "remote_http", url: "http://h:1", authToken: "t", apiType: "open_ai" },
    outboundHttp: { isPooling: false, connectionsMax: 5 },
    outboundNetworking: {
      blockedNetworks: ["10.1.2.3/8", "::1"],
      blocksPrivateNetworks: true,
      socketConnectionsMax: 1,
      totalConnectionsMax: 2,
    },
    outboundRedis: { connectionsMax: 3 },
    outboundPostgres: { connectionsMax: 4 },
    outboundMysql: { connectionsMax: 5 },
    outboundMqtt: { connectionsMax: 6, payloadBytesMax: 7 },
    clientTls: [
      {
        componentIds: ["a"],
        hosts: ["h", "*.example.com"],
        usesPlatformRoots: false,
        usesWebpkiRoots: false,
        rootsFile: "/etc/roots.pem",
        clientCertificate: { certFile: "/c.pem", keyFile: "/etc/k.pem" },
      },
      { usesPlatformRoots: false, usesWebpkiRoots: true, rootsFile: undefined },
    ],
  });
  expect(Object.fromEntries(config.keyValueStores)).toEqual({
    default: { type: "redis", url: "redis://h:1/2" },
    file: { type: "spin", path: "/etc/kv.db" },
    memory: { type: "spin", path: undefined },
    cosmos: { type: "azure_cosmos", key: "k", account: "a", database: "d", container: "c" },
    dynamo: {
      type: "aws_dynamo",
      region: "r",
      table: "t",
      consistentRead: true,
      credentials: { accessKey: "a", secretKey: "s", token: "t" },
    },
  });
  expect(config.sqliteDatabases.get("file")).toEqual({
    type: "spin",
    path: "/current/a.db",
    allowAttachFile: true,
  });
  expect(config.sqliteDatabases.get("remote")).toEqual({
    type: "libsql",
    url: "https://h",
    token: "t",
  });
});

test("config_provider, pooling on demand, llm of the host", () => {
  const config = parse(
    '[[config_provider]]\ntype = "static"\nvalues = {}\n[outbound_http]\nconnection_pooling = true\nmax_concurrent_requests = 2\n[llm_compute]\ntype = "spin"',
  );
  expect(config.variableProviders).toHaveLength(2);
  expect(config.outboundHttp).toEqual({ isPooling: true, connectionsMax: 2 });
  expect(config.llmCompute).toEqual({ type: "spin" });
});

describe("mistakes have their place", () => {
  test.each([
    ["x = ", "1:5: the TOML is broken"],
    ["stat_dir = 1", '1:1: unknown key "stat_dir" at the top level; did you mean "state_dir"?'],
    ["state_dir = 1", "1:13: state_dir is an integer; it has to be a string"],
    ["max_instance_memory = -1", "1:23: max_instance_memory is -1; write a whole number"],
    ['max_instance_memory = "1"', "1:23: max_instance_memory is a string; it has to be an integer"],
    [
      "[variables_provider]\n",
      "1:1: variables_provider is a table; it has to be an array of tables",
    ],
    ["[[variables_provider]]\n", '1:1: missing key "type" in [[variables_provider]]'],
    [
      '[[variables_provider]]\ntype = "vaul"\nx = 1',
      '2:8: type is "vaul"; it has to be one of "static", "env", "vault", "azure_key_vault"; did you mean "vault"?',
    ],
    ['[[variables_provider]]\ntype = "static"', 'missing key "values"'],
    [
      '[[variables_provider]]\ntype = "static"\nvalues = { a = 1 }',
      "3:16: a in [variables_provider.values] is an integer; it has to be a string",
    ],
    [
      '[[variables_provider]]\ntype = "vault"\nurl = "h"\ntoken = "t"\nmount = "m"',
      "3:7: the url in [[variables_provider]] has to start with http:// or https://",
    ],
    [
      '[[variables_provider]]\ntype = "azure_key_vault"\nvault_url = "https://v"\nclient_id = "i"',
      "1:1: [[variables_provider]] has some but not all of client_id, client_secret and tenant_id",
    ],
    ["[key_value_store]\nx = 1", "2:5: x in [key_value_store] is an integer; it has to be a table"],
    ['[key_value_store.x]\ntype = "redis"', '1:1: missing key "url" in [key_value_store.x]'],
    [
      '[key_value_store.x]\ntype = "redis"\nurl = "http://user:secret@h"',
      "3:7: the url in [key_value_store.x] has to start with redis:// or rediss:// and name a host",
    ],
    [
      '[key_value_store.x]\ntype = "spin"\npth = "p"',
      '3:1: unknown key "pth" in [key_value_store.x]; did you mean "path"?',
    ],
    [
      '[key_value_store.x]\ntype = "aws_dynamo"\nregion = "r"\ntable = "t"\naccess_key = "a"',
      "1:1: [key_value_store.x] has only one of access_key and secret_key",
    ],
    [
      '[key_value_store.x]\ntype = "azure_cosmos"\naccount = "a.b/c"\ndatabase = "d"\ncontainer = "c"',
      '3:11: account is "a.b/c"; it has to be the name alone',
    ],
    [
      '[sqlite_database.x]\ntype = "libsql"\nurl = "libsql://h"\ntoken = "t"',
      "3:7: the url in [sqlite_database.x] has to start with http:// or https://",
    ],
    ['[llm_compute]\ntype = "remote_http"\nurl = "http://h"', 'missing key "auth_token"'],
    [
      "[outbound_http]\nmax_connections = 1\nmax_concurrent_requests = 1",
      "3:27: max_concurrent_requests is the old name of max_connections",
    ],
    ["[outbound_pg]\nmax_connection = 1", 'unknown key "max_connection" in [outbound_pg]'],
    [
      '[outbound_networking]\nblock_networks = ["10.0.0.0/33"]',
      '2:18: "10.0.0.0/33" in block_networks is no network',
    ],
    [
      "[outbound_networking]\nblock_networks = [1]",
      "2:19: an item of block_networks is an integer",
    ],
    ['[[client_tls]]\nhosts = ["h"]', '1:1: missing key "component_ids" in [[client_tls]]'],
    [
      '[[client_tls]]\ncomponent_ids = []\nhosts = ["h"]',
      "2:17: 'component_ids' list may not be empty",
    ],
    [
      '[[client_tls]]\ncomponent_ids = ["a"]\nhosts = ["a*b"]',
      '3:9: "a*b" in hosts is neither a host name nor "*." and a name',
    ],
    [
      '[[client_tls]]\ncomponent_ids = ["a"]\nhosts = ["h"]\nclient_cert_file = "c"',
      "4:20: client_cert_file specified without client_private_key_file",
    ],
    [
      '[[client_tls]]\ncomponent_ids = ["a"]\nhosts = ["h"]\nclient_private_key_file = "c"',
      "4:27: client_private_key_file specified without client_cert_file",
    ],
  ])("%s", (text, expected) => {
    const message = messageOf(text);
    expect(message).toContain(expected);
    expect(message).toMatch(/^\/etc\/rc\.toml:/);
    expect(message).not.toContain("secret@");
  });

  test("all of them at once", () => {
    expect(messageOf('a = 1\nb = 2\n[llm_compute]\ntype = "x"').split("\n")).toHaveLength(3);
  });
});

describe("files", () => {
  const folder = (): Disposable & { path: string } => {
    const path = mkdtempSync(join(tmpdir(), "whorl-rc-"));
    return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
  };

  test("paths start from the file's directory", async () => {
    using temporary = folder();
    const path = join(temporary.path, "rc.toml");
    writeFileSync(path, '[key_value_store.x]\ntype = "spin"\npath = "x.db"');
    const config = await loadRuntimeConfig(path, options);
    expect(config.keyValueStores.get("x")).toEqual({
      type: "spin",
      path: join(temporary.path, "x.db"),
    });
  });

  test("that are missing, broken or too large", async () => {
    using temporary = folder();
    const path = join(temporary.path, "rc.toml");
    await expect(loadRuntimeConfig(path, options)).rejects.toMatchObject({ code: "file" });
    writeFileSync(path, Uint8Array.of(0xff, 0xfe));
    await expect(loadRuntimeConfig(path, options)).rejects.toMatchObject({
      code: "manifest",
      message: expect.stringContaining("is not UTF-8 text"),
    });
    writeFileSync(path, Buffer.alloc(limits.runtimeConfigBytesMax + 1, "#"));
    await expect(loadRuntimeConfig(path, options)).rejects.toMatchObject({ code: "limit" });
  });
});

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dockerCredentials, removeLogin, saveLogin } from "./credential-source.ts";
import { configKey, dockerConfigPath } from "./docker-config.ts";

let folder: string;
let configPath: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "whorl-docker-"));
  configPath = join(folder, "docker", "config.json");
  mkdirSync(join(folder, "docker"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function configure(config: unknown): void {
  writeFileSync(configPath, typeof config === "string" ? config : JSON.stringify(config));
}

/** A credential helper that keeps what it is given in a file. */
function installHelper(name: string): void {
  const script = `#!/bin/sh
cd ${folder}
case "$1" in
get) read -r server; if [ "$server" = broken ]; then echo oops; exit 1; fi
  if [ -f kept ]; then cat kept; else echo "credentials not found in native keychain"; exit 1; fi ;;
store) cat > kept ;;
erase) rm -f kept ;;
esac
`;
  writeFileSync(join(folder, `docker-credential-${name}`), script);
  chmodSync(join(folder, `docker-credential-${name}`), 0o755);
}

const environment = (): Record<string, string> => ({ PATH: `${folder}:/usr/bin:/bin` });
const find = (server: string): Promise<unknown> =>
  dockerCredentials({ configPath, environment: environment() }).find(server);
const auth = (text: string): string => Buffer.from(text).toString("base64");
const ann = { kind: "password", username: "ann", password: "pass:word" } as const;

describe("dockerCredentials", () => {
  test.each([
    { key: "reg.example", server: "reg.example" },
    { key: "https://reg.example/v1/", server: "reg.example" },
    { key: "reg.example:5000", server: "reg.example:5000" },
    { key: "https://index.docker.io/v1/", server: "docker.io" },
    { key: "docker.io", server: "docker.io" },
  ])("finds $server under $key", async ({ key, server }) => {
    configure({ auths: { [key]: { auth: auth("ann:pass:word") } } });
    expect(await find(server)).toEqual(ann);
  });

  test.each([
    { what: "no file", config: undefined },
    { what: "an empty file", config: "" },
    { what: "another port", config: { auths: { "reg.example:1": { auth: auth("a:b") } } } },
    { what: "an empty entry", config: { auths: { "reg.example": {} } } },
  ])("is nobody with $what", async ({ config }) => {
    if (config !== undefined) configure(config);
    expect(await find("reg.example")).toBeUndefined();
  });

  test("reads identity tokens", async () => {
    configure({ auths: { "reg.example": { auth: auth("x:"), identitytoken: "token" } } });
    expect(await find("reg.example")).toEqual({ kind: "identity", token: "token" });
  });

  test.each([
    { what: "no JSON", config: "{", message: /is not JSON/ },
    { what: "a list", config: [], message: /not a JSON object/ },
    {
      what: "no base64 of a pair",
      config: { auths: { "reg.example": { auth: auth("nobody") } } },
      message: /log in again/,
    },
    {
      what: "a path as helper",
      config: { credsStore: "../evil" },
      message: /no name of a credential helper/,
    },
    {
      what: "a helper that is absent",
      config: { credsStore: "absent" },
      message: /cannot run docker-credential-absent/,
    },
  ])("refuses a file with $what", async ({ config, message }) => {
    configure(config);
    await expect(find("reg.example")).rejects.toThrow(message);
  });

  test("asks the helper of a registry, the store for the others", async () => {
    installHelper("one");
    installHelper("all");
    configure({ credHelpers: { "reg.example": "one" }, credsStore: "all" });
    expect(await find("reg.example")).toBeUndefined();
    writeFileSync(join(folder, "kept"), JSON.stringify({ Username: "<token>", Secret: "t" }));
    expect(await find("reg.example")).toEqual({ kind: "identity", token: "t" });
    await expect(find("broken")).rejects.toThrow(/docker-credential-all get failed: oops/);
  });
});

describe("saveLogin and removeLogin", () => {
  test("write what docker writes, keep what else is there", async () => {
    configure({ auths: { "other.example": { auth: auth("a:b") } }, detachKeys: "ctrl-e" });
    const options = { configPath, environment: environment() };
    expect(await saveLogin("reg.example", ann, options)).toEqual({ isPlain: true });
    const other = `\t\t"other.example": {\n\t\t\t"auth": "${auth("a:b")}"\n\t\t}`;
    const own = `\t\t"reg.example": {\n\t\t\t"auth": "${auth("ann:pass:word")}"\n\t\t}`;
    expect(readFileSync(configPath, "utf8")).toBe(
      `{\n\t"auths": {\n${other},\n${own}\n\t},\n\t"detachKeys": "ctrl-e"\n}`,
    );
    expect(statSync(configPath).mode & 0o777).toBe(0o600);
    expect(await find("reg.example")).toEqual(ann);
    expect(await removeLogin("reg.example", options)).toBe(true);
    expect(await removeLogin("reg.example", options)).toBe(false);
    expect(await find("reg.example")).toBeUndefined();
    expect(await find("other.example")).toMatchObject({ username: "a" });
  });

  test("give the secret to a helper, only a mark to the file", async () => {
    installHelper("all");
    configure({ credsStore: "all" });
    const options = { configPath, environment: environment() };
    expect(await saveLogin("docker.io", ann, options)).toEqual({ isPlain: false });
    expect(JSON.parse(readFileSync(configPath, "utf8"))).toEqual({
      credsStore: "all",
      auths: { "https://index.docker.io/v1/": {} },
    });
    const kept = JSON.parse(readFileSync(join(folder, "kept"), "utf8")) as unknown;
    expect(kept).toEqual({
      ServerURL: "https://index.docker.io/v1/",
      Username: "ann",
      Secret: "pass:word",
    });
    expect(await find("docker.io")).toEqual(ann);
    await removeLogin("docker.io", options);
    expect(await find("docker.io")).toBeUndefined();
  });
});

test.each([
  { environment: { DOCKER_CONFIG: "/d" }, path: "/d/config.json" },
  { environment: { HOME: "/h" }, path: "/h/.docker/config.json" },
  { environment: {}, path: undefined },
])("dockerConfigPath of $environment", ({ environment: given, path }) => {
  expect(dockerConfigPath(given)).toBe(path);
});

test("configKey of Docker Hub's names is one", () => {
  const names = ["docker.io", "index.docker.io", "https://registry-1.docker.io/v2/"];
  expect(new Set(names.map(configKey))).toEqual(new Set(["https://index.docker.io/v1/"]));
});

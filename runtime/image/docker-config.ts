import { randomUUID } from "node:crypto";
import { open, readFile, realpath, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import { makeFolder } from "./make-folder.ts";
import { isObject } from "./manifest.ts";

/** Who asks a registry. */
export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** Exchanged for short-lived tokens. */
  | { readonly kind: "identity"; readonly token: string };

type JsonObject = Record<string, unknown>;

/** Where docker keeps what `docker login` learnt. */
export function dockerConfigPath(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { DOCKER_CONFIG: folder, HOME: home } = environment as {
    readonly DOCKER_CONFIG?: string;
    readonly HOME?: string;
  };
  if (folder !== undefined && folder !== "") return join(folder, "config.json");
  return home === undefined || home === "" ? undefined : join(home, ".docker", "config.json");
}

/** A docker configuration file; keys that are not about credentials are kept as they are. */
export class DockerConfig {
  readonly path: string;
  readonly #root: JsonObject;

  private constructor(path: string, root: JsonObject) {
    this.path = path;
    this.#root = root;
  }

  /**
   * A file that does not exist counts as empty.
   * @throws WhorlError `file` if it cannot be read or is no JSON object.
   */
  static async read(path: string): Promise<DockerConfig> {
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "{}";
      throw new WhorlError("file", `cannot read ${path}: ${errorText(error)}`, { cause: error });
    });
    if (text.length > limits.dockerConfigBytesMax) {
      throw new WhorlError("limit", `${path} is larger than ${limits.dockerConfigBytesMax} bytes`);
    }
    return new DockerConfig(path, parseConfig(text, path));
  }

  /** Name of the helper program that keeps this server's credentials, without its prefix. */
  helperFor(server: string): string | undefined {
    const helpers = this.#root["credHelpers"];
    if (isObject(helpers)) {
      const key = Object.keys(helpers).find((each) => isSameServer(each, server));
      const helper = key === undefined ? undefined : helpers[key];
      if (typeof helper === "string" && helper !== "") return helper;
    }
    const store = this.#root["credsStore"];
    return typeof store === "string" && store !== "" ? store : undefined;
  }

  /**
   * What stands in the file itself.
   * @throws WhorlError `file` if the entry is broken.
   */
  credentialsFor(server: string): Credentials | undefined {
    const auths = this.#root["auths"];
    if (!isObject(auths)) return undefined;
    const key = Object.keys(auths).find((each) => isSameServer(each, server));
    const entry = key === undefined ? undefined : auths[key];
    if (!isObject(entry)) return undefined;
    const { identitytoken, auth, username, password } = entry;
    if (typeof identitytoken === "string" && identitytoken !== "") {
      return { kind: "identity", token: identitytoken };
    }
    if (typeof auth === "string" && auth !== "") return this.#decode(auth, server);
    if (typeof username !== "string" || typeof password !== "string") return undefined;
    return { kind: "password", username, password };
  }

  #decode(auth: string, server: string): Credentials {
    const text = Buffer.from(auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon <= 0) {
      throw new WhorlError(
        "file",
        `${this.path}: the entry of ${server} is not base64 of "name:password"; log in again`,
      );
    }
    // Docker ends some with NUL.
    const password = text.slice(colon + 1).replace(/\0+$/, "");
    return { kind: "password", username: text.slice(0, colon), password };
  }

  /** Puts credentials into the file, or only a mark that a helper has them. */
  set(server: string, credentials: Credentials | undefined): void {
    this.remove(server);
    const auths = isObject(this.#root["auths"]) ? { ...this.#root["auths"] } : {};
    auths[configKey(server)] = credentials === undefined ? {} : encodeEntry(credentials);
    this.#root["auths"] = auths;
  }

  /** @returns whether there was an entry. */
  remove(server: string): boolean {
    const { auths } = this.#root as { readonly auths?: unknown };
    if (!isObject(auths)) return false;
    const kept = Object.entries(auths).filter(([key]) => !isSameServer(key, server));
    this.#root["auths"] = Object.fromEntries(kept);
    return kept.length < Object.keys(auths).length;
  }

  /** Replaces the file at once, readable by its owner only. */
  async save(): Promise<void> {
    try {
      await makeFolder(dirname(this.path), 0o700);
      // Where the file is a link, what it points to is replaced, not the link.
      const target = await realpath(this.path).catch(() => this.path);
      const written = `${target}.${randomUUID()}`;
      try {
        await using file = await open(written, "wx", 0o600);
        await file.writeFile(JSON.stringify(this.#root, undefined, "\t"));
        await file.sync();
        await rename(written, target);
      } finally {
        await rm(written, { force: true });
      }
    } catch (error) {
      throw new WhorlError("file", `cannot write ${this.path}: ${errorText(error)}`, {
        cause: error,
      });
    }
  }
}

function parseConfig(text: string, path: string): JsonObject {
  try {
    const root: unknown = JSON.parse(text.trim() === "" ? "{}" : text);
    if (isObject(root)) return { ...root };
  } catch (error) {
    throw new WhorlError("file", `${path} is not JSON: ${errorText(error)}; repair or remove it`, {
      cause: error,
    });
  }
  throw new WhorlError("file", `${path} is not a JSON object; repair or remove it`);
}

function encodeEntry(credentials: Credentials): JsonObject {
  if (credentials.kind === "identity") return { auth: "", identitytoken: credentials.token };
  const { username, password } = credentials;
  return { auth: Buffer.from(`${username}:${password}`).toString("base64") };
}

const dockerHub = "https://index.docker.io/v1/";
const dockerHubHosts = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** Name under which docker files a registry. */
export function configKey(server: string): string {
  return dockerHubHosts.has(serverHost(server)) ? dockerHub : serverHost(server);
}

/** Host and port of what a person or docker writes for a registry. */
export function serverHost(server: string): string {
  const host = server.replace(/^https?:\/\//, "").split("/", 1)[0] ?? "";
  return host.toLowerCase();
}

function isSameServer(key: string, server: string): boolean {
  return configKey(key) === configKey(server);
}

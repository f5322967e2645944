import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { errorText } from "../../error.ts";
import type { Awaitable } from "../key-value/key-value-store.ts";
import type { VariableProvider } from "./variable-provider.ts";

export interface EnvironmentProviderOptions {
  /** Environment of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `SPIN_VARIABLE` where the runtime config says nothing else. */
  readonly prefix: string;
  /** A file like `.env` for what the environment lacks; it need not exist. Read once. */
  readonly dotenvPath: string | undefined;
}

/** Values from environment variables: `<PREFIX>_<NAME>`, the name in upper case. */
export class EnvironmentProvider implements VariableProvider {
  readonly #options: EnvironmentProviderOptions;
  #dotenv: Readonly<Record<string, string | undefined>> | undefined;

  constructor(options: EnvironmentProviderOptions) {
    this.#options = options;
  }

  get(name: string): Awaitable<string | undefined> {
    const key = `${this.#options.prefix}_${name.toUpperCase()}`;
    const value = this.#options.environment[key];
    const { dotenvPath } = this.#options;
    if (value !== undefined || dotenvPath === undefined) return value;
    return this.#dotenv === undefined ? this.#fromFile(dotenvPath, key) : this.#dotenv[key];
  }

  async mayHave(name: string): Promise<boolean> {
    return (await this.get(name)) !== undefined;
  }

  async #fromFile(path: string, key: string): Promise<string | undefined> {
    const dotenv = await readDotenv(path);
    this.#dotenv ??= dotenv;
    return this.#dotenv[key];
  }
}

async function readDotenv(path: string): Promise<Readonly<Record<string, string | undefined>>> {
  try {
    return parseEnv(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw new Error(`cannot read ${path}: ${errorText(error)}`, { cause: error });
  }
}

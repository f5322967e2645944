import { spawn } from "node:child_process";
import { errorText, WhorlError } from "../error.ts";
import { limits } from "../limits.ts";
import type { Credentials } from "./docker-config.ts";
import { isObject, parseJsonObject } from "./manifest.ts";

/** A docker-credential-* program and the environment it runs in. */
export interface CredentialHelper {
  /** Without the prefix `docker-credential-`. */
  readonly name: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const notFound = "credentials not found in native keychain";

/** @returns undefined if the helper has none for this server. */
export async function getFromHelper(
  helper: CredentialHelper,
  server: string,
): Promise<Credentials | undefined> {
  const { exitCode, stdout } = await run(helper, "get", server);
  if (exitCode !== 0 && stdout.trim() === notFound) return undefined;
  if (exitCode !== 0) throw failed(helper, "get", stdout);
  const answer = parseJsonObject(Buffer.from(stdout), `answer of ${programOf(helper)}`);
  const { Username: username, Secret: secret } = answer;
  if (!isObject(answer) || typeof username !== "string" || typeof secret !== "string") {
    throw failed(helper, "get", "its answer has no Username and Secret");
  }
  if (username === "<token>") return { kind: "identity", token: secret };
  return { kind: "password", username, password: secret };
}

/** Gives credentials to the helper to keep. */
export async function storeInHelper(
  helper: CredentialHelper,
  server: string,
  credentials: Credentials,
): Promise<void> {
  const isToken = credentials.kind === "identity";
  const { exitCode, stdout } = await run(
    helper,
    "store",
    JSON.stringify({
      ServerURL: server,
      Username: isToken ? "<token>" : credentials.username,
      Secret: isToken ? credentials.token : credentials.password,
    }),
  );
  if (exitCode !== 0) throw failed(helper, "store", stdout);
}

/** Makes the helper forget a server. */
export async function eraseFromHelper(helper: CredentialHelper, server: string): Promise<void> {
  const { exitCode, stdout } = await run(helper, "erase", server);
  if (exitCode !== 0 && stdout.trim() !== notFound) throw failed(helper, "erase", stdout);
}

function programOf({ name }: CredentialHelper): string {
  return `docker-credential-${name}`;
}

function failed(helper: CredentialHelper, action: string, said: string): WhorlError {
  const text = said.trim().slice(0, 500);
  return new WhorlError(
    "registry",
    `${programOf(helper)} ${action} failed: ${text === "" ? "it printed nothing" : text}; run it by hand, or remove it from the docker configuration`,
  );
}

interface HelperResult {
  readonly exitCode: number | null;
  readonly stdout: string;
}

function run(helper: CredentialHelper, action: string, input: string): Promise<HelperResult> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper.name)) {
    throw new WhorlError("file", `"${helper.name}" is no name of a credential helper`);
  }
  return new Promise((resolve, reject) => {
    const child = spawn(programOf(helper), [action], {
      env: { ...helper.environment },
      stdio: ["pipe", "pipe", "ignore"],
      timeout: limits.credentialHelperMsMax,
    });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (stdout.length < limits.credentialHelperBytesMax) stdout += text;
    });
    child.on("error", (error) => {
      const message = `cannot run ${programOf(helper)}, which the docker configuration names: ${errorText(error)}`;
      reject(new WhorlError("registry", message, { cause: error }));
    });
    child.on("close", (exitCode) => resolve({ exitCode, stdout }));
    // A helper that ends without reading is judged by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

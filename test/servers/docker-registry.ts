import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { program, programObstacle } from "./debian-package.ts";
import { freePort, ServerProcess } from "./server-process.ts";

/** Why a registry cannot be started here, undefined where it can. */
export function registryObstacle(): string | undefined {
  return (
    programObstacle("docker-registry", "docker-registry") ?? programObstacle("openssl", "openssl")
  );
}

/** Who a registry that asks lets in. */
export const registryLogin = { username: "whorl", password: "correct horse" } as const;

/** The same for the registry: bcrypt. */
const htpasswd = "whorl:$2b$04$CBpFsWSCfD1wImaahX/SoOFG1tltvH2P9bGqaIOrxBMP0TKTx7xI6\n";

export interface RegistryOptions {
  /** With a certificate of an authority of its own. */
  readonly tls?: boolean;
  /** Ask for {@link registryLogin}. */
  readonly login?: boolean;
  /** Where it listens; loopback where not given. */
  readonly address?: string;
}

/** A real registry (Debian's docker-registry) with its own empty storage. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`, or the address that was asked for. */
  readonly host: string;
  /** Certificate of the authority, PEM, and its file; undefined without TLS. */
  readonly authority: { readonly pem: string; readonly folder: string } | undefined;
}

/** Starts a registry; disposing stops it and removes what it stored. */
export async function startDockerRegistry(options: RegistryOptions = {}): Promise<DockerRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "whorl-registry-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    mkdirSync(join(folder, "storage"));
    const host = `${options.address ?? "127.0.0.1"}:${await freePort()}`;
    const authority = options.tls === true ? makeCertificates(folder) : undefined;
    const config = join(folder, "config.yml");
    writeFileSync(config, configText(host, folder, options));
    const server = await ServerProcess.start({
      program: program("docker-registry"),
      args: ["serve", config],
      probe: () => probe(host, authority?.pem),
    });
    return {
      host,
      authority,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** JSON, which is YAML too. */
function configText(host: string, folder: string, { tls, login }: RegistryOptions): string {
  const passwordFile = join(folder, "htpasswd");
  if (login === true) writeFileSync(passwordFile, htpasswd);
  return JSON.stringify({
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, "storage") } },
    http: {
      addr: host,
      ...(tls === true && {
        tls: { certificate: join(folder, "server.pem"), key: join(folder, "server.key") },
      }),
    },
    ...(login === true && { auth: { htpasswd: { realm: "test", path: passwordFile } } }),
  });
}

/** Any answer, also a refusal, means that the registry is there. */
function probe(host: string, ca: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const url = `${ca === undefined ? "http" : "https"}://${host}/v2/`;
    const sent = ca === undefined ? plainRequest(url) : tlsRequest(url, { ca });
    sent.on("response", (answer) => {
      answer.resume();
      answer.on("end", resolve);
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** An authority, and a certificate of it for 127.0.0.1. */
function makeCertificates(folder: string): NonNullable<DockerRegistry["authority"]> {
  // Where skopeo looks for authorities: a folder with *.crt in it.
  const authorityFolder = join(folder, "authority");
  mkdirSync(authorityFolder);
  const authority = join(authorityFolder, "ca.crt");
  const key = join(folder, "ca.key");
  const ecKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...ecKey,
    "-subj",
    "/CN=test authority",
    "-keyout",
    key,
    "-out",
    authority,
  );
  const wish = join(folder, "server.csr");
  openssl(
    "req",
    ...ecKey,
    "-subj",
    "/CN=127.0.0.1",
    "-out",
    wish,
    "-keyout",
    join(folder, "server.key"),
  );
  const extensions = join(folder, "extensions");
  writeFileSync(extensions, "subjectAltName=IP:127.0.0.1\n");
  const signed = ["-CA", authority, "-CAkey", key, "-CAcreateserial", "-extfile", extensions];
  openssl("x509", "-req", "-in", wish, ...signed, "-days", "2", "-out", join(folder, "server.pem"));
  return { pem: readFileSync(authority, "utf8"), folder: authorityFolder };
}

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
}

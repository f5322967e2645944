import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { program, programObstacle } from "./debian-package.ts";
import { RestartableServer, serverFolder, unprivilegedUser } from "./restartable-server.ts";
import { freePort } from "./server-process.ts";

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** `postgres://`, of a superuser, database `postgres`. */
  readonly url: string;
  /** Undefined without TLS. */
  readonly certificate: Certificate | undefined;
  kill(): Promise<void>;
  /** On the same port and data. */
  restart(): Promise<void>;
}

export interface PostgresOptions {
  /** `secret` by default; asked for by SCRAM. */
  readonly password?: string;
  /** False by default; with TLS plain connections are refused. */
  readonly tls?: boolean;
  /** 100 by default. */
  readonly connectionsMax?: number;
}

/** Why tests with PostgreSQL cannot run here, undefined where they can. */
export function postgresObstacle(): string | undefined {
  return programObstacle("postgres", "postgresql", programFolders());
}

/** Starts PostgreSQL on a free port of 127.0.0.1 with a user `tester`. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const user = unprivilegedUser();
  const folder = serverFolder(user);
  const port = await freePort();
  const password = options.password ?? "secret";
  const certificate = options.tls === true ? makeCertificate(folder, user) : undefined;
  const data = join(folder, "data");
  install({ folder, data, password });
  const rule = certificate === undefined ? "host" : "hostssl";
  writeFileSync(join(data, "pg_hba.conf"), `${rule} all all 127.0.0.1/32 scram-sha-256\n`);
  const ssl = certificate && { ca: certificate.ca };
  const server = await RestartableServer.start(folder, {
    program: program("postgres", programFolders()),
    args: [
      ...["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder],
      ...["-N", String(options.connectionsMax ?? 100), "-c", "shared_buffers=16MB"],
      ...(certificate === undefined ? [] : ["-c", "ssl=on"]),
      ...(certificate === undefined
        ? []
        : [
            ...["-c", `ssl_cert_file=${certificate.certFile}`],
            ...["-c", `ssl_key_file=${certificate.keyFile}`],
          ]),
    ],
    ...(user !== undefined && { user }),
    probe: async () => {
      const client = new Client({
        ...{ host: "127.0.0.1", port, user: "tester", password, database: "postgres" },
        ...(ssl !== undefined && { ssl }),
      });
      await client.connect();
      await client.end();
    },
    // Ends sessions instead of waiting for them.
    stopSignal: "SIGINT",
  });
  return {
    port,
    url: `postgres://tester:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    certificate,
    kill: () => server.kill(),
    restart: () => restartWhenGone(server),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A session that outlives a killed server for a moment keeps its memory, and the next one away. */
async function restartWhenGone(server: RestartableServer): Promise<void> {
  for (let triesLeft = 40; ; triesLeft--) {
    try {
      await server.restart();
      return;
    } catch (error) {
      if (triesLeft === 0) throw error;
      await delay(250);
    }
  }
}

/** Debian keeps each major version in a folder of its own. */
function programFolders(): string[] {
  const versions = "/usr/lib/postgresql";
  try {
    return readdirSync(versions)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(versions, version, "bin"));
  } catch {
    return [];
  }
}

function install(place: { folder: string; data: string; password: string }): void {
  const passwordFile = join(place.folder, "password");
  writeFileSync(passwordFile, place.password);
  const { status, stdout, stderr } = spawnSync(
    program("initdb", programFolders()),
    [
      ...["-D", place.data, "-U", "tester", `--pwfile=${passwordFile}`, "--no-sync"],
      ...["--auth=scram-sha-256", "-E", "UTF8", "--locale=C"],
    ],
    { encoding: "utf8", cwd: place.folder, ...unprivilegedUser() },
  );
  if (status !== 0) throw new Error(`initdb failed:\n${stdout}${stderr}`);
}

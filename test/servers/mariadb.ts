import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { program, programObstacle } from "./debian-package.ts";
import { RestartableServer, serverFolder, unprivilegedUser } from "./restartable-server.ts";
import { freePort } from "./server-process.ts";

export interface MariadbServer extends AsyncDisposable {
  readonly port: number;
  /** `mysql://`, of a user who may do everything in database `test`. */
  readonly url: string;
  /** Undefined without TLS. */
  readonly certificate: Certificate | undefined;
  kill(): Promise<void>;
  /** On the same port and data. */
  restart(): Promise<void>;
}

export interface MariadbOptions {
  /** `secret` by default. */
  readonly password?: string;
  /** False by default; with TLS plain connections are refused. */
  readonly tls?: boolean;
  /** 151 by default. */
  readonly connectionsMax?: number;
}

/** Why tests with MariaDB cannot run here, undefined where they can. */
export function mariadbObstacle(): string | undefined {
  return programObstacle("mariadbd", "mariadb-server");
}

/** Starts MariaDB on a free port of 127.0.0.1 with a user `tester` and a database `test`. */
export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbServer> {
  const user = unprivilegedUser();
  const folder = serverFolder(user);
  const port = await freePort();
  const password = options.password ?? "secret";
  const certificate = options.tls === true ? makeCertificate(folder, user) : undefined;
  const data = join(folder, "data");
  install(data, user);
  const login = join(folder, "login.sql");
  writeFileSync(
    login,
    "CREATE DATABASE IF NOT EXISTS test;\n" +
      `CREATE OR REPLACE USER tester@'%' IDENTIFIED BY '${password.replaceAll("'", "''")}';\n` +
      "GRANT ALL ON *.* TO tester@'%';\n",
  );
  const ssl = certificate && { ca: certificate.ca };
  const server = await RestartableServer.start(folder, {
    program: program("mariadbd"),
    args: [
      ...["--no-defaults", `--datadir=${data}`, "--bind-address=127.0.0.1", `--port=${port}`],
      ...[`--socket=${join(folder, "socket")}`, `--init-file=${login}`],
      ...["--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M"],
      `--max-connections=${options.connectionsMax ?? 151}`,
      ...(certificate === undefined
        ? []
        : [
            ...[`--ssl-cert=${certificate.certFile}`, `--ssl-key=${certificate.keyFile}`],
            ...[`--ssl-ca=${certificate.caFile}`, "--require-secure-transport=ON"],
          ]),
    ],
    ...(user !== undefined && { user }),
    probe: async () => {
      const host = "127.0.0.1";
      const connection = await createConnection({
        ...{ host, port, user: "tester", password },
        ...(ssl !== undefined && { ssl }),
      });
      await connection.end();
    },
  });
  return {
    port,
    url: `mysql://tester:${encodeURIComponent(password)}@127.0.0.1:${port}/test`,
    certificate,
    kill: () => server.kill(),
    restart: () => server.restart(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function install(data: string, user: ReturnType<typeof unprivilegedUser>): void {
  const { status, stdout, stderr } = spawnSync(
    program("mariadb-install-db"),
    [
      "--no-defaults",
      `--datadir=${data}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
    ],
    { encoding: "utf8", ...user },
  );
  if (status !== 0) throw new Error(`mariadb-install-db failed:\n${stdout}${stderr}`);
}

import { type Certificate, makeCertificate } from "./certificate.ts";
import { program, programObstacle } from "./debian-package.ts";
import { RestartableServer, serverFolder } from "./restartable-server.ts";
import { connects } from "./connects.ts";
import { freePort } from "./server-process.ts";

export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** `redis://` or `rediss://`, with the password if there is one. */
  readonly url: string;
  /** Undefined without TLS. */
  readonly certificate: Certificate | undefined;
  kill(): Promise<void>;
  /** On the same port; every write survives, also after {@link kill}. */
  restart(): Promise<void>;
}

export interface RedisOptions {
  /** None by default. */
  readonly password?: string;
  /** False by default; with TLS there is no plain port. */
  readonly tls?: boolean;
  /** New names of commands: `{ SET: "SADD" }`. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** Why tests with Redis cannot run here, undefined where they can. */
export function redisObstacle(): string | undefined {
  return programObstacle("redis-server", "redis-server");
}

/** Starts Redis on a free port of 127.0.0.1. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const folder = serverFolder();
  const port = await freePort();
  const certificate = options.tls === true ? makeCertificate(folder) : undefined;
  const server = await RestartableServer.start(folder, {
    program: program("redis-server"),
    args: [
      ...["--bind", "127.0.0.1", "--dir", folder, "--save", ""],
      ...["--appendonly", "yes", "--appendfsync", "always"],
      ...(options.password === undefined ? [] : ["--requirepass", options.password]),
      ...Object.entries(options.renamed ?? {}).flatMap((names) => ["--rename-command", ...names]),
      ...(certificate === undefined
        ? ["--port", String(port)]
        : [
            ...["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no"],
            ...["--tls-cert-file", certificate.certFile, "--tls-key-file", certificate.keyFile],
            ...["--tls-ca-cert-file", certificate.caFile],
          ]),
    ],
    // A test's data is small: Redis has loaded it before it reads the first command.
    probe: () => connects(port),
  });
  const scheme = certificate === undefined ? "redis" : "rediss";
  const user = options.password === undefined ? "" : `:${encodeURIComponent(options.password)}@`;
  return {
    port,
    url: `${scheme}://${user}127.0.0.1:${port}`,
    certificate,
    kill: () => server.kill(),
    restart: () => server.restart(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

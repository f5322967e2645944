import { spawnSync } from "node:child_process";
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { connects } from "./connects.ts";
import { program, programObstacle } from "./debian-package.ts";
import { RestartableServer, serverFolder, unprivilegedUser } from "./restartable-server.ts";
import { freePort } from "./server-process.ts";

export interface MosquittoServer extends AsyncDisposable {
  readonly port: number;
  /** `mqtt://` or `mqtts://`, without user and password. */
  readonly url: string;
  /** Undefined without TLS. */
  readonly certificate: Certificate | undefined;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

export interface MosquittoOptions {
  /** Whoever connects has to say these; anyone may connect by default. */
  readonly login?: { readonly username: string; readonly password: string };
  /** False by default; with TLS there is no plain port. */
  readonly tls?: boolean;
}

/** Why tests with an MQTT broker cannot run here, undefined where they can. */
export function mosquittoObstacle(): string | undefined {
  return programObstacle("mosquitto", "mosquitto");
}

/** Starts Mosquitto on a free port of 127.0.0.1. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<MosquittoServer> {
  const user = unprivilegedUser();
  const folder = serverFolder(user);
  const port = await freePort();
  const certificate = options.tls === true ? makeCertificate(folder, user) : undefined;
  const lines = [`listener ${port} 127.0.0.1`];
  if (options.login === undefined) lines.push("allow_anonymous true");
  else lines.push(`password_file ${writeLogin(folder, options.login)}`);
  if (certificate !== undefined) {
    lines.push(`certfile ${certificate.certFile}`, `keyfile ${certificate.keyFile}`);
  }
  const configuration = join(folder, "mosquitto.conf");
  writeFileSync(configuration, `${lines.join("\n")}\n`);
  const server = await RestartableServer.start(folder, {
    program: program("mosquitto"),
    args: ["-c", configuration],
    ...(user !== undefined && { user }),
    probe: () => connects(port),
  });
  return {
    port,
    url: `${certificate === undefined ? "mqtt" : "mqtts"}://127.0.0.1:${port}`,
    certificate,
    kill: () => server.kill(),
    restart: () => server.restart(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function writeLogin(folder: string, login: { username: string; password: string }): string {
  const file = join(folder, "passwords");
  const args = ["-c", "-b", file, login.username, login.password];
  const { status, stderr } = spawnSync(program("mosquitto_passwd"), args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`mosquitto_passwd failed: ${stderr}`);
  const user = unprivilegedUser();
  if (user !== undefined) chownSync(file, user.uid, user.gid);
  return file;
}

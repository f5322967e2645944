import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerCommand } from "./server-process.ts";

/** Files of a server certificate for localhost and 127.0.0.1, and of the authority behind it. */
export interface Certificate {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** The authority's certificate, PEM. */
  readonly ca: string;
}

/** Makes a new authority and a certificate signed by it with the openssl program. */
export function makeCertificate(folder: string, owner?: ServerCommand["user"]): Certificate {
  const directory = join(folder, "tls");
  mkdirSync(directory);
  const file = (name: string): string => join(directory, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  writeFileSync(file("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  openssl([
    ...["req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=Test authority"],
    ...["-keyout", file("ca.key"), "-out", file("ca.pem")],
  ]);
  openssl([
    ...["req", ...newKey, "-subj", "/CN=localhost"],
    ...["-keyout", file("server.key"), "-out", file("server.csr")],
  ]);
  openssl([
    ...["x509", "-req", "-days", "2", "-in", file("server.csr"), "-extfile", file("names")],
    ...["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial"],
    ...["-out", file("server.pem")],
  ]);
  if (owner !== undefined) {
    chownSync(directory, owner.uid, owner.gid);
    chownSync(file("server.key"), owner.uid, owner.gid);
    chmodSync(file("server.key"), 0o600);
  }
  return {
    caFile: file("ca.pem"),
    certFile: file("server.pem"),
    keyFile: file("server.key"),
    ca: readFileSync(file("ca.pem"), "utf8"),
  };
}

function openssl(args: readonly string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`openssl ${args[0] ?? ""} failed: ${stderr}`);
}

import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** DNS names and addresses that it is for; the first one is also its subject. */
  readonly names: readonly [string, ...string[]];
  readonly from: Date;
  readonly until: Date;
}

/** Longest common name that readers take (RFC 5280, ub-common-name). */
const commonNameLengthMax = 64;

/**
 * A new key (P-256) and a certificate for a TLS server that it has signed itself: who trusts it
 * trusts just this server, since no other certificate can be signed by it. RFC 5280 in DER by hand:
 * Node can read certificates but not make them.
 */
export function selfSignedCertificate({ names, from, until }: CertificateRequest): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = sequence(oid("2a8648ce3d040302")); // ecdsa-with-SHA256
  const text = der(0x0c, Buffer.from(names[0].slice(0, commonNameLengthMax)));
  const subject = sequence(der(0x31, sequence(oid("550403"), text)));
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, serialNumber()),
    algorithm,
    subject,
    sequence(time(from), time(until)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions(names))),
  );
  const signature = sign("sha256", content, privateKey);
  const certificate = sequence(content, algorithm, der(0x03, Buffer.from([0]), signature));
  return { cert: pem(certificate), key: privateKey.export({ type: "pkcs8", format: "pem" }) };
}

function extensions(names: readonly string[]): Buffer[] {
  const isCritical = der(0x01, Buffer.from([0xff]));
  const digitalSignature = der(0x03, Buffer.from([7, 0x80]));
  return [
    sequence(oid("551d0f"), isCritical, der(0x04, digitalSignature)),
    sequence(oid("551d25"), der(0x04, sequence(oid("2b06010505070301")))), // for TLS servers
    sequence(oid("551d11"), der(0x04, sequence(...names.map(alternativeName)))),
  ];
}

function alternativeName(name: string): Buffer {
  const family = isIP(name);
  if (family === 0) return der(0x82, Buffer.from(name));
  return der(0x87, family === 4 ? Buffer.from(name.split(".").map(Number)) : ipv6Bytes(name));
}

function ipv6Bytes(address: string): Buffer {
  const [head = "", tail] = address.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const middle = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return Buffer.from([...first, ...middle, ...last].flatMap((group) => [group >> 8, group & 0xff]));
}

/** Positive and never 0, as RFC 5280 wants it. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

/** One value: tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(content.length)]), content]);
}

/** In as few bytes as possible: Go refuses any other form. */
function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

/** GeneralizedTime for all years: strict readers want UTCTime before 2050. */
function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replace(/\.\d{3}Z$/u, "Z")
    .replaceAll(/[-:T]/gu, "");
  const isShort = date.getUTCFullYear() < 2050;
  return der(isShort ? 0x17 : 0x18, Buffer.from(isShort ? digits.slice(2) : digits));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/gu) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

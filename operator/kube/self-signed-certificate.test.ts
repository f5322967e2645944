import { X509Certificate, createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { selfSignedCertificate } from "./self-signed-certificate.ts";

const hour = 3_600_000;
const now = new Date();
const valid = { from: new Date(now.getTime() - hour), until: new Date(now.getTime() + hour) };

test.each([
  { names: ["example.com"], shown: "DNS:example.com" },
  { names: ["a.b.svc", "10.0.0.1"], shown: "DNS:a.b.svc, IP Address:10.0.0.1" },
  { names: ["::1"], shown: "IP Address:0:0:0:0:0:0:0:1" },
  { names: ["fd00:12::1:2"], shown: "IP Address:FD00:12:0:0:0:0:1:2" },
  { names: [`${"long.".repeat(20)}svc`], shown: `DNS:${"long.".repeat(20)}svc` },
] as { names: [string]; shown: string }[])("a certificate for $names", ({ names, shown }) => {
  const { cert, key } = selfSignedCertificate({ ...valid, names });
  const read = new X509Certificate(cert);
  expect(read.subjectAltName).toBe(shown);
  expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.ca).toBe(false);
  expect(read.validToDate.getTime()).toBe(Math.floor(valid.until.getTime() / 1000) * 1000);
});

test("a year after 2049 is understood", () => {
  const until = new Date("2061-02-03T04:05:06Z");
  const { cert } = selfSignedCertificate({ names: ["x"], from: now, until });
  expect(new X509Certificate(cert).validToDate).toEqual(until);
});

test("two certificates differ in key and serial number", () => {
  const [one, other] = [0, 1].map(() => selfSignedCertificate({ ...valid, names: ["x"] }).cert);
  const serials = [one, other].map((cert) => new X509Certificate(cert ?? "").serialNumber);
  expect(new Set(serials).size).toBe(2);
});

test.each([
  { names: ["localhost"], from: valid.from, fails: undefined },
  { names: ["other"], from: valid.from, fails: "ERR_TLS_CERT_ALTNAME_INVALID" },
  { names: ["localhost"], from: new Date(now.getTime() + hour / 2), fails: "CERT_NOT_YET_VALID" },
] as { names: [string]; from: Date; fails: string | undefined }[])(
  "a TLS client that trusts it: $names from $from",
  async ({ names, from, fails }) => {
    const certificate = selfSignedCertificate({ names, from, until: valid.until });
    const server = createServer(certificate, (_, response) => response.end("ok"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = `https://localhost:${port}`;
    const sent = request(url, { ca: certificate.cert, family: 4, agent: false });
    sent.end();
    const answered = once(sent, "response").then(
      ([response]) => (response as { statusCode: number; resume(): void }).resume(),
      (error: unknown) => (error as { code: string }).code,
    );
    const outcome = await answered;
    server.closeAllConnections();
    server.close();
    if (fails === undefined) expect(outcome).toMatchObject({ statusCode: 200 });
    else expect(outcome).toBe(fails);
  },
);

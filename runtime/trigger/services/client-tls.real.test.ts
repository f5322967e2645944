import { once } from "node:events";
import { mkdtempDisposableSync, readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificate, type Certificate } from "../../../test/servers/certificate.ts";
import type { ClientTlsConfig } from "../../app/runtime-config.ts";
import { OutboundHttp } from "./outbound-http.ts";

const folder = mkdtempDisposableSync(join(tmpdir(), "whorl-"));
let certificate: Certificate;
let url: string;

/** Says who has called, by the certificate that the caller has shown. */
const server = createServer();

beforeAll(async () => {
  certificate = makeCertificate(folder.path);
  server.setSecureContext({
    key: readFileSync(certificate.keyFile),
    cert: readFileSync(certificate.certFile),
    ca: certificate.ca,
  });
  Object.assign(server, { requestCert: true, rejectUnauthorized: false });
  server.on("request", ({ socket }, response) => {
    const peer = (socket as TLSSocket).getPeerCertificate();
    response.end(String(Object.keys(peer).length === 0 ? "nobody" : peer.subject.CN));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder.remove();
});

function ours(change: Partial<ClientTlsConfig> = {}): ClientTlsConfig {
  return {
    componentIds: ["shop"],
    hosts: ["localhost"],
    usesPlatformRoots: false,
    usesWebpkiRoots: false,
    rootsFile: certificate.caFile,
    clientCertificate: { certFile: certificate.certFile, keyFile: certificate.keyFile },
    ...change,
  };
}

async function ask(component: string, clientTls: readonly ClientTlsConfig[]): Promise<string> {
  await using http = await OutboundHttp.open({
    outboundHttp: { isPooling: true, connectionsMax: undefined },
    clientTls,
    policy: { isAddressAllowed: () => true },
    connections: undefined,
  });
  try {
    const answer = await http
      .dispatcher(component)
      .request({ origin: url, path: "/", method: "GET" });
    return await answer.body.text();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

const untrusted = "SELF_SIGNED_CERT_IN_CHAIN";

test.each<[string, string, () => ClientTlsConfig[], string]>([
  ["shows its certificate", "shop", () => [ours()], "localhost"],
  [
    "trusts the authority and shows nothing",
    "shop",
    () => [ours({ clientCertificate: undefined })],
    "nobody",
  ],
  ["is not of another component", "other", () => [ours()], untrusted],
  ["is not for another host", "shop", () => [ours({ hosts: ["*.localhost", "host"] })], untrusted],
  [
    "the first entry for a host counts",
    "shop",
    () => [ours({ hosts: ["LOCALHOST"], clientCertificate: undefined }), ours()],
    "nobody",
  ],
  [
    "authorities of browsers do not know ours",
    "shop",
    () => [ours({ rootsFile: undefined, usesWebpkiRoots: true })],
    untrusted,
  ],
])("client_tls: %s", async (_, component, clientTls, expected) => {
  expect(await ask(component, clientTls())).toBe(expected);
});

test("a file that is not there is named", async () => {
  const missing = join(folder.path, "none.pem");
  await expect(ask("shop", [ours({ rootsFile: missing })])).rejects.toThrow(
    `[[client_tls]] of the runtime config: cannot read ${missing}`,
  );
});

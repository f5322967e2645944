import { X509Certificate } from "node:crypto";
import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { TLSSocket } from "node:tls";
import { once } from "node:events";
import { mkdtempDisposableSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig, type User } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { FakeClock } from "./fake-clock.ts";
import { KubeConfigTransport } from "./kube-config-transport.ts";
import { type Certificate, selfSignedCertificate } from "./self-signed-certificate.ts";
import type { TransportRequest } from "./transport.ts";

function configOf(server: string, user: Partial<User> = {}, proxyUrl?: string): KubeConfig {
  const config = new KubeConfig();
  const cluster = { name: "c", server, skipTLSVerify: true, ...(proxyUrl && { proxyUrl }) };
  config.loadFromClusterAndUser(cluster, { name: "u", ...user });
  return config;
}

const get: TransportRequest = {
  method: "GET",
  path: "/api?x=1",
  headers: { accept: "application/json" },
  headersMs: 5000,
  bodyMs: 5000,
};

/** Answers each request with its path and authorization. */
async function echo(): Promise<{ url: string; [Symbol.asyncDispose](): Promise<void> }> {
  const server = createServer((request, response) => {
    response.end(`${request.url} ${request.headers.authorization}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function textOf(transport: KubeConfigTransport): Promise<string> {
  const { body } = await transport.send(get);
  return Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>)).toString();
}

test.each(["not a url", ""])("the server %j of a kubeconfig is refused", (server) => {
  expect(() => new KubeConfigTransport(configOf(server))).toThrow(
    expect.objectContaining({ code: "config" }),
  );
});

test("a kubeconfig without a current context is refused", () => {
  expect(() => new KubeConfigTransport(new KubeConfig())).toThrow(/current context/);
});

test("a proxy that is not supported is refused with its name", async () => {
  const config = configOf("https://127.0.0.1:1", {}, "socks5://127.0.0.1:2");
  await using transport = new KubeConfigTransport(config);
  await expect(transport.send(get)).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining("socks5://127.0.0.1:2"),
  });
});

test.each([
  { user: { token: "t" }, authorization: "Bearer t" },
  { user: { username: "u", password: "p" }, authorization: `Basic ${btoa("u:p")}` },
  { user: {}, authorization: "undefined" },
])(
  "credentials: $authorization; the path of a gateway comes first",
  async ({ user, authorization }) => {
    await using server = await echo();
    await using transport = new KubeConfigTransport(configOf(`${server.url}/gateway/`, user));
    expect(await textOf(transport)).toBe(`/gateway/api?x=1 ${authorization}`);
  },
);

test("a token of a file", async () => {
  await using server = await echo();
  using folder = mkdtempDisposableSync(join(tmpdir(), "whorl-test-"));
  const tokenFile = join(folder.path, "token");
  writeFileSync(tokenFile, "one");
  const user = { authProvider: { name: "tokenFile", config: { tokenFile } } };
  await using transport = new KubeConfigTransport(configOf(server.url, user));
  expect(await textOf(transport)).toContain("Bearer one");
});

test("credentials are read again after a minute, or as soon as they were refused", async () => {
  await using server = await echo();
  const clock = new FakeClock();
  const config = configOf(server.url, { token: "one" });
  await using transport = new KubeConfigTransport(config, clock);
  const seen = [await textOf(transport)];
  config.users = [{ name: "u", token: "two" }];
  seen.push(await textOf(transport));
  await clock.advance(limits.credentialAgeMsMax);
  seen.push(await textOf(transport));
  config.users = [{ name: "u", token: "three" }];
  transport.forgetCredentials();
  seen.push(await textOf(transport));
  expect(seen.map((text) => text.split(" ").at(-1))).toEqual(["one", "one", "two", "three"]);
});

test("an exec plugin is asked once for as long as its token lives", async () => {
  await using server = await echo();
  using folder = mkdtempDisposableSync(join(tmpdir(), "whorl-test-"));
  const calls = join(folder.path, "calls");
  const status = { token: "of-plugin", expirationTimestamp: "2099-01-01T00:00:00Z" };
  const credential = JSON.stringify({ kind: "ExecCredential", status });
  const script = `fs.appendFileSync(${JSON.stringify(calls)}, "."); console.log('${credential}')`;
  const apiVersion = "client.authentication.k8s.io/v1";
  const exec = { apiVersion, command: process.execPath, args: ["-e", script] };
  const clock = new FakeClock();
  await using transport = new KubeConfigTransport(configOf(server.url, { exec }), clock);
  // Many requests at once wait for the same answer.
  const texts = await Promise.all([1, 2, 3].map(async () => await textOf(transport)));
  await clock.advance(limits.credentialAgeMsMax);
  texts.push(await textOf(transport));
  expect(new Set(texts)).toEqual(new Set(["/api?x=1 Bearer of-plugin"]));
  expect(readFileSync(calls, "utf8")).toBe(".");
});

test("an exec plugin that fails is an error with its cause", async () => {
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "/nowhere/plugin" };
  const config = configOf("https://127.0.0.1:1", { exec });
  await using transport = new KubeConfigTransport(config);
  await expect(transport.send(get)).rejects.toMatchObject({
    code: "config",
    cause: expect.objectContaining({ code: "ENOENT" }),
  });
});

test("a client certificate is shown to a server whose certificate is checked", async () => {
  const now = Date.now();
  const valid = { from: new Date(now - 60_000), until: new Date(now + 600_000) };
  const [served, client, stranger] = ["127.0.0.1", "client", "127.0.0.1"].map((name) =>
    selfSignedCertificate({ names: [name], ...valid }),
  ) as [Certificate, Certificate, Certificate];
  const options = { ...served, requestCert: true, rejectUnauthorized: false };
  const server = createHttpsServer(options, (request, response) => {
    response.end((request.socket as TLSSocket).getPeerCertificate().fingerprint256);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const transportTo = (ca: string): KubeConfigTransport => {
    const config = new KubeConfig();
    const cluster = { name: "c", server: `https://127.0.0.1:${port}`, skipTLSVerify: false };
    const user = { name: "u", certData: btoa(client.cert), keyData: btoa(client.key) };
    config.loadFromClusterAndUser({ ...cluster, caData: btoa(ca) }, user);
    return new KubeConfigTransport(config);
  };
  try {
    await using transport = transportTo(served.cert);
    expect(await textOf(transport)).toBe(new X509Certificate(client.cert).fingerprint256);
    await using wary = transportTo(stranger.cert);
    await expect(textOf(wary)).rejects.toThrow("self-signed certificate");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

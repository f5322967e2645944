import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sha256Digest } from "../image/digest.ts";
import { startTestRegistry } from "../image/test-registry.ts";
import type { TestRegistry } from "../image/test-registry.ts";
import { ComponentSources } from "./component-sources.ts";
import type { RemoteSource } from "./component-sources.ts";
import { loadApp } from "./load-app.ts";

let folder: string;
let sources: ComponentSources;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "whorl-sources-"));
  sources = new ComponentSources({
    cacheDirectory: join(folder, "cache"),
    registry: { insecure: true },
  });
});

afterEach(async () => {
  await sources[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const wasm = Buffer.from("\0asm\x0d\0\x01\0 from afar");
const digest = sha256Digest(wasm);

describe("a URL", () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url ?? "");
    answer(request, response);
  });
  let origin: string;

  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const from = (path: string, wanted: string = digest): RemoteSource => ({
    kind: "url",
    url: `${origin}${path}`,
    digest: wanted,
  });

  test("is fetched once and kept by its digest", async () => {
    const path = await sources.fetch(from("/a.wasm"));
    expect(readFileSync(path)).toEqual(wasm);
    seen.length = 0;
    expect(await sources.fetch(from("/elsewhere.wasm"))).toBe(path);
    expect(seen).toEqual([]);
  });

  test("is fetched again where the file was damaged", async () => {
    const path = await sources.fetch(from("/a.wasm"));
    writeFileSync(path, "broken");
    expect(readFileSync(await sources.fetch(from("/a.wasm")))).toEqual(wasm);
  });

  test("may redirect", async () => {
    expect(readFileSync(await sources.fetch(from("/moved")))).toEqual(wasm);
  });

  test.each([
    ["/missing", /\/missing answers with status 404/],
    ["/loop", /redirects more than 5 times/],
    ["/out", /not fetched from http:\/\/example\.invalid\//],
    ["/other", /\/other is sha256:[0-9a-f]+, but the digest in the manifest is sha256:/],
    ["/cut", /cannot fetch .*\/cut/],
  ])("is refused: %s", async (path, message) => {
    await expect(sources.fetch(from(path))).rejects.toThrow(message);
  });

  test.each<[url: string, digest: string, message: RegExp]>([
    ["http://example.invalid/a.wasm", digest, /use an https URL/],
    ["file:///etc/passwd", digest, /use an https URL/],
    ["http://localhost.example.invalid/", digest, /use an https URL/],
    ["not a url", digest, /"not a url" is not a URL/],
    ["https://example.invalid/a.wasm", "abc", /"abc" is not a digest/],
    [
      "https://example.invalid/a.wasm",
      `sha512:${"0".repeat(128)}`,
      /is not a digest; write "sha256:"/,
    ],
  ])("%s with %s is refused before anything is sent", async (url, wanted, message) => {
    await expect(sources.fetch({ kind: "url", url, digest: wanted })).rejects.toThrow(message);
  });

  test("is a component's source in a manifest", async () => {
    const manifest = join(folder, "spin.toml");
    writeFileSync(
      manifest,
      `spin_manifest_version = 2\napplication.name = "x"\n[[trigger.http]]\nroute = "/..."\ncomponent = "a"\n[component.a]\nsource = { url = "${origin}/a.wasm", digest = "${digest}" }\n`,
    );
    const cacheDirectory = join(folder, "cache");
    const app = await loadApp(manifest, { sources: { cacheDirectory } });
    expect(readFileSync(app.components.get("a")?.sourcePath ?? "")).toEqual(wasm);
    writeFileSync(
      manifest,
      readFileSync(manifest, "utf8")
        .replace("/a.wasm", "/other")
        .replace(/sha256:./, "sha256:z"),
    );
    await expect(loadApp(manifest, { sources: { cacheDirectory } })).rejects.toThrow(
      /spin\.toml:7:10: "sha256:z.*" is not a digest/,
    );
  });
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const redirects: Readonly<Record<string, string>> = {
    "/moved": "/a.wasm",
    "/loop": "/loop",
    "/out": "http://example.invalid/",
  };
  const location = redirects[request.url ?? ""];
  if (location !== undefined) response.writeHead(302, { location }).end();
  else if (request.url === "/a.wasm") response.end(wasm);
  else if (request.url === "/other") response.end("other");
  else if (request.url === "/cut") {
    response.writeHead(200, { "content-length": 100 }).write("x");
    setImmediate(() => response.destroy());
  } else response.writeHead(404).end();
}

describe("a package", () => {
  let registry: TestRegistry;

  beforeEach(async () => {
    registry = await startTestRegistry();
    for (const version of ["0.9.0", "1.0.0", "1.1.0", "1.2.0-rc.1", "2.0.0", "latest"]) {
      const layer = {
        mediaType: "application/wasm",
        ...registry.addBlob(Buffer.from(`wasm ${version}`)),
      };
      const config = {
        mediaType: "application/vnd.wasm.config.v0+json",
        ...registry.addBlob(Buffer.from("{}")),
      };
      const mediaType = "application/vnd.oci.image.manifest.v1+json";
      registry.addManifest(version, { schemaVersion: 2, mediaType, config, layers: [layer] });
    }
    registry.behave((request, response) => {
      if (request.url?.endsWith("/tags/list") !== true) return false;
      response.end(
        JSON.stringify({
          tags: [...registry.manifests.keys()].filter((tag) => !tag.startsWith("sha256")),
        }),
      );
      return true;
    });
  });

  afterEach(() => registry[Symbol.asyncDispose]());

  const from = (version: string, name = "acme:tool"): RemoteSource => ({
    kind: "package",
    registry: registry.host,
    package: name,
    version,
  });

  test.each([
    ["=1.0.0", "wasm 1.0.0"],
    ["1.0.0", "wasm 1.1.0"],
    [">=0.9, <1", "wasm 0.9.0"],
    ["*", "wasm 2.0.0"],
    ["1.2.0-rc.0", "wasm 1.2.0-rc.1"],
  ])("%s is the newest that fits", async (version, content) => {
    expect(readFileSync(await sources.fetch(from(version)), "utf8")).toBe(content);
  });

  test("is where the registry says that its packages are", async () => {
    registry.behave((request, response) => {
      if (request.url !== "/.well-known/wasm-pkg/registry.json") return false;
      const oci = { registry: registry.host, namespacePrefix: "deep/in-" };
      response.end(JSON.stringify({ preferredProtocol: "oci", oci }));
      return true;
    });
    await sources.fetch(from("=1.0.0"));
    expect(registry.seen.map(({ path }) => path)).toContain(
      "/v2/deep/in-acme/tool/manifests/1.0.0",
    );
  });

  test.each([
    ["3", "acme:tool", /no version of "acme:tool" fits "3"; there are .*2\.0\.0/],
    ["newest", "acme:tool", /"newest" is no version or requirement/],
    ["1", "tool", /"tool" is not a package; write "namespace:name"/],
    ["=7.0.0", "acme:tool", /7\.0\.0/],
  ])("%s of %s is refused", async (version, name, message) => {
    await expect(sources.fetch(from(version, name))).rejects.toThrow(message);
  });
});

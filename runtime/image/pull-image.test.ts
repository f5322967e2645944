import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mediaTypes } from "./media-types.ts";
import { RegistryClient } from "./registry-client.ts";
import { answers, createPullBench, layerBytes, onBlob, times } from "./test-pull.ts";
import type { PullBench } from "./test-pull.ts";
import { startTestRegistry } from "./test-registry.ts";
import type { TransferEvent } from "./transfer-progress.ts";

let bench: PullBench;

beforeEach(async () => {
  bench = await createPullBench();
});

afterEach(() => bench[Symbol.asyncDispose]());

describe("pullImage", () => {
  test("brings manifest, configuration and layers, with progress", async () => {
    const digest = bench.addImage();
    const events: TransferEvent[] = [];
    const image = await bench.pull({ onTransfer: (event) => void events.push(event) });
    expect(image.digest).toBe(digest);
    expect(await image.store.read(image.manifest.layers[0] ?? image.manifest.config)).toEqual(
      layerBytes,
    );
    const moved = events.filter((event) => event.kind === "progress").map(({ bytes }) => bytes);
    expect(Math.max(...moved)).toBe(layerBytes.length);
    expect(await bench.stored()).toEqual({ blobs: 3, pieces: 0 });
  });

  test("asks for nothing but the manifest the second time, and for nothing at all by digest", async () => {
    const digest = bench.addImage();
    await bench.pull();
    bench.registry.seen.length = 0;
    await bench.pull();
    const paths = bench.registry.seen.map(({ path }) => path).filter((path) => path !== "/v2/");
    expect(paths).toEqual(["/v2/app/manifests/v1"]);
    bench.registry.seen.length = 0;
    await bench.pull({ name: `app@${digest}` });
    expect(bench.registry.seen).toEqual([]);
  });

  test("fetches a blob again that was damaged on the disk", async () => {
    bench.addImage();
    const image = await bench.pull();
    const layer = image.manifest.layers[0] ?? image.manifest.config;
    writeFileSync(image.store.pathOf(layer.digest), Buffer.alloc(layer.size, "wrong "));
    await bench.pull();
    expect(await image.store.read(layer)).toEqual(layerBytes);
  });

  test("chooses the manifest of a platform from an index", async () => {
    const digest = bench.addImage();
    const other = {
      mediaType: mediaTypes.ociManifest,
      digest: `sha256:${"0".repeat(64)}`,
      size: 2,
    };
    bench.registry.addManifest("many", {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: [
        { ...other, platform: { os: "linux", architecture: "arm64" } },
        { ...other, digest, platform: { os: "wasip2", architecture: "wasm" } },
      ],
    });
    expect((await bench.pull({ name: "app:many" })).digest).toBe(digest);
  });
});

describe("a registry that fails", () => {
  test("cuts the connection: the blob is taken up where it ended", async () => {
    bench.addImage();
    const cut = onBlob((request, response) => {
      if (
        bench.registry.blobs.get(request.url?.split("/").at(-1) ?? "")?.length !== layerBytes.length
      ) {
        return false;
      }
      response.writeHead(200, { "content-length": layerBytes.length });
      response.write(layerBytes.subarray(0, 100_000));
      // Once the client has them: what is still under way is lost with the connection.
      setTimeout(() => response.destroy(), 100);
      return true;
    });
    bench.registry.behave(times(2, cut));
    const image = await bench.pull();
    expect((await bench.stored()).blobs).toBe(3);
    const ranges = bench.registry.seen
      .map(({ headers }) => headers.range)
      .filter((range) => range !== undefined);
    expect(ranges[0]).toBe("bytes=100000-");
    expect(await image.store.read(image.manifest.layers[0] ?? image.manifest.config)).toEqual(
      layerBytes,
    );
  });

  test("cuts the connection each time: given up, nothing kept of it", async () => {
    bench.addImage();
    bench.registry.behave(
      onBlob((request, response) => {
        const blob = bench.registry.blobs.get(request.url?.split("/").at(-1) ?? "");
        response.writeHead(200, { "content-length": blob?.length ?? 0 });
        response.flushHeaders();
        response.destroy();
        return true;
      }),
    );
    const error = await bench.failure();
    expect(error).toMatchObject({ code: "registry" });
    expect(error.message).toMatch(/cut the connection \(tried 5 times\)/);
    expect(await bench.stored()).toEqual({ blobs: 1, pieces: 0 });
  });

  test.each([500, 502, 503, 429])("answers %i twice: asked a third time", async (status) => {
    bench.addImage();
    bench.registry.behave(times(2, onBlob(answers(status))));
    await bench.pull();
    expect(bench.pauses.length).toBeGreaterThanOrEqual(1);
    expect(await bench.stored()).toEqual({ blobs: 3, pieces: 0 });
  });

  test("says when to come back", async () => {
    bench.addImage();
    bench.registry.behave(
      times(2, (request, response) => {
        if (request.url === "/v2/") return false;
        return answers(429, { "retry-after": "7" })(request, response);
      }),
    );
    await bench.pull();
    expect(bench.pauses).toEqual([7000, 7000]);
  });

  test("wants too long a pause", async () => {
    bench.addImage();
    bench.registry.behave(onBlob(answers(503, { "retry-after": "3600" })));
    expect((await bench.failure()).message).toMatch(/503.*it asks to wait 3600 s/);
    expect(bench.pauses).toEqual([]);
  });

  test.each([
    { status: 401, headers: {}, message: /kind of authentication.*whorl registry login/ },
    { status: 403, headers: {}, message: /403.*DENIED: not yours.*may not do that/ },
    { status: 404, headers: {}, message: /404.*check the name, or push it first/ },
    { status: 500, headers: {}, message: /500.*try again later \(tried 5 times\)/ },
    { status: 307, headers: {}, message: /redirects to undefined/ },
    { status: 302, headers: { location: "ftp://x/" }, message: /ftp:.*not https/ },
  ])("answers $status to the manifest", async ({ status, headers, message }) => {
    const body = JSON.stringify({ errors: [{ code: "DENIED", message: "not \u001b[31myours" }] });
    bench.registry.behave((request, response) => {
      if (!request.url?.includes("/manifests/")) return false;
      return answers(
        status,
        headers,
        status === 403 ? body.replace("\\u001b[31m", "") : body,
      )(request, response);
    });
    const error = await bench.failure();
    expect(error.code).toBe("registry");
    expect(error.message).toMatch(message);
  });

  test("redirects for ever", async () => {
    bench.addImage();
    bench.registry.behave(
      onBlob((request, response) =>
        answers(307, { location: request.url ?? "" })(request, response),
      ),
    );
    expect((await bench.failure()).message).toMatch(/redirects more than 5 times/);
  });

  test("is silent once", async () => {
    bench.addImage();
    bench.registry.behave(times(1, (request) => request.url?.includes("/manifests/") === true));
    await bench.pull({ idleMsMax: 500 });
    // More of them where the machine is busy.
    expect(bench.pauses).not.toEqual([]);
  });

  test("is absent", async () => {
    const error = await bench.failure({ name: "app:v1" }).catch(() => undefined);
    expect(error?.message).toMatch(/404/);
    const gone = await startTestRegistry();
    await gone[Symbol.asyncDispose]();
    await using client = await RegistryClient.create({ insecure: true });
    await expect(client.checkLogin(gone.host)).rejects.toThrow(
      /refuses connections; check its port/,
    );
  });

  test("is left when the caller aborts", async () => {
    bench.addImage();
    const stop = new AbortController();
    bench.registry.behave(onBlob(() => (stop.abort(new Error("enough")), true)));
    await expect(bench.pull({ signal: stop.signal })).rejects.toThrow("enough");
    expect(await bench.stored()).toEqual({ blobs: 1, pieces: 0 });
  });
});

describe("a registry that redirects to another host", () => {
  test("gets its credentials, the other host does not", async () => {
    await using other = await startTestRegistry();
    bench.addImage();
    for (const bytes of bench.registry.blobs.values()) other.addBlob(bytes);
    bench.registry.behave((request, response) => {
      if (request.url === "/v2/" || request.headers.authorization !== undefined) return false;
      return answers(401, { "www-authenticate": 'Basic realm="x"' })(request, response);
    });
    bench.registry.behave(
      onBlob((request, response) =>
        answers(307, { location: `http://${other.host}${request.url}` })(request, response),
      ),
    );
    await bench.pull();
    expect(other.seen).toHaveLength(2);
    expect(other.seen.flatMap(({ headers }) => headers.authorization ?? [])).toEqual([]);
    const expected = `Basic ${Buffer.from("ann:secret").toString("base64")}`;
    const sent = bench.registry.seen.flatMap(({ headers }) => headers.authorization ?? []);
    expect(new Set(sent)).toEqual(new Set([expected]));
  });
});

test("a host that was redirected to cannot ask for the credentials of the registry", async () => {
  await using other = await startTestRegistry();
  bench.addImage();
  other.behave((request, response) => {
    const challenge = `Bearer realm="http://${other.host}/token"`;
    return answers(401, { "www-authenticate": challenge })(request, response);
  });
  bench.registry.behave(
    onBlob((request, response) =>
      answers(307, { location: `http://${other.host}${request.url}` })(request, response),
    ),
  );
  expect((await bench.failure()).message).toMatch(/answers 401 to GET/);
  expect(other.seen.filter(({ path }) => path.startsWith("/token"))).toEqual([]);
  expect(other.seen.flatMap(({ headers }) => headers.authorization ?? [])).toEqual([]);
});

test("a registry that wants to know who asks before TLS has failed is not told in plain", async () => {
  bench.addImage();
  const order: string[] = [];
  bench.registry.behave((request, response) => {
    const { url = "", headers } = request;
    order.push(headers.authorization === undefined ? `${url} of nobody` : "of somebody");
    if (headers.authorization !== undefined) return false;
    return answers(401, { "www-authenticate": 'Basic realm="x"' })(request, response);
  });
  bench.registry.onBrokenRequest(() => order.push("TLS"));
  await bench.pull();
  expect(order.slice(0, 3)).toEqual(["/v2/ of nobody", "TLS", "/v2/app/manifests/v1 of nobody"]);
  expect(order.slice(3)).toEqual(Array.from({ length: 3 }, () => "of somebody"));
});

describe("a registry that wants tokens", () => {
  function wantTokens(
    token: (request: { url: string; authorization: string | undefined }) => string | undefined,
  ): void {
    bench.registry.behave((request, response) => {
      const { url = "", headers } = request;
      if (url === "/v2/") return false;
      if (url.startsWith("/token")) {
        const body = token({ url, authorization: headers.authorization });
        return answers(body === undefined ? 401 : 200, {}, body)(request, response);
      }
      if (headers.authorization === "Bearer t1") return false;
      const challenge = `Bearer realm="http://${bench.registry.host}/token",service="reg, istry",scope="repository:app:pull"`;
      return answers(401, { "www-authenticate": challenge })(request, response);
    });
  }

  test("gets one token for all blobs", async () => {
    bench.addImage();
    const asked: { url: string; authorization: string | undefined }[] = [];
    wantTokens(
      (request) => (asked.push(request), JSON.stringify({ token: "t1", expires_in: 300 })),
    );
    await bench.pull();
    expect(asked).toHaveLength(1);
    const query = new URL(asked[0]?.url ?? "", "http://x").searchParams;
    expect([...query]).toEqual([
      ["service", "reg, istry"],
      ["scope", "repository:app:pull"],
      ["account", "ann"],
    ]);
    expect(asked[0]?.authorization).toMatch(/^Basic /);
  });

  test.each([
    {
      what: "refuses the credentials",
      body: undefined,
      message: /refuses these credentials.*login/,
    },
    { what: "gives no token", body: "{}", message: /without a token/ },
    {
      what: "gives a token with a line break",
      body: '{"token":"a\\nb"}',
      message: /without a token/,
    },
    { what: "gives no JSON", body: "<html>", message: /is not JSON/ },
  ])("$what", async ({ body, message }) => {
    bench.addImage();
    wantTokens(() => body);
    expect((await bench.failure()).message).toMatch(message);
  });
});

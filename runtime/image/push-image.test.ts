import { afterEach, beforeEach, expect, test } from "vitest";
import { fixedCredentials } from "./credential-source.ts";
import { sha256Digest } from "./digest.ts";
import type { BuiltImage } from "./image.ts";
import { mediaTypes } from "./media-types.ts";
import { pushImage } from "./push-image.ts";
import type { PushResult } from "./push-image.ts";
import { parseReference } from "./reference.ts";
import { RegistryClient } from "./registry-client.ts";
import { answers, times } from "./test-pull.ts";
import { startTestRegistry } from "./test-registry.ts";
import type { Behaviour, TestRegistry } from "./test-registry.ts";

let registry: TestRegistry;
const content = Buffer.alloc(2500, "blob ");

beforeEach(async () => {
  registry = await startTestRegistry();
});

afterEach(() => registry[Symbol.asyncDispose]());

function image(): BuiltImage {
  const bytes = Buffer.from("{}");
  const descriptor = { mediaType: "x", digest: sha256Digest(content), size: content.length };
  const blobs = [{ descriptor, content: { kind: "bytes", bytes: content } as const }];
  return { digest: sha256Digest(bytes), mediaType: mediaTypes.ociManifest, bytes, blobs };
}

async function push(name = "app:v1", pieceBytes?: number): Promise<PushResult> {
  const pace = { random: () => 0, sleep: () => Promise.resolve() };
  const credentials = fixedCredentials({ kind: "password", username: "ann", password: "secret" });
  await using client = await RegistryClient.create({ insecure: true, credentials, pace });
  const reference = parseReference(`${registry.host}/${name}`);
  return await pushImage(image(), reference, { client, pieceBytes });
}

/** Takes every upload and every manifest. */
function takeUploads(location = "/upload/1"): void {
  registry.behave((request, response) => {
    if (request.method === "POST") return answers(202, { location })(request, response);
    if (request.method !== "PUT" && request.method !== "PATCH") return false;
    request.resume();
    request.on("end", () => {
      response.writeHead(request.method === "PUT" ? 201 : 202, { location }).end();
    });
    return true;
  });
}

function sent(method: string): string[] {
  return registry.seen.filter((each) => each.method === method).map(({ path }) => path);
}

const only =
  (method: string, act: Behaviour): Behaviour =>
  (request, response) =>
    request.method === method && act(request, response);

test.each(["POST", "PUT"])("an upload whose %s fails is begun again", async (method) => {
  registry.behave(times(1, only(method, answers(503))));
  takeUploads();
  expect(await push()).toEqual({ wasThere: false });
  expect(sent("POST")).toEqual(["/v2/app/blobs/uploads/", "/v2/app/blobs/uploads/"]);
  expect(sent("PUT").at(-1)).toBe("/v2/app/manifests/v1");
});

test("an upload that is cut each time is given up, and no manifest is sent", async () => {
  registry.behave(only("PUT", (_request, response) => (response.destroy(), true)));
  takeUploads();
  await expect(push()).rejects.toThrow(/cut the connection \(tried 5 times\)/);
  expect(sent("PUT")).not.toContain("/v2/app/manifests/v1");
});

test("a large blob goes in pieces, each with its range", async () => {
  takeUploads();
  await push("app:v1", 1000);
  const ranges = registry.seen.flatMap(({ headers }) => headers["content-range"] ?? []);
  expect(ranges).toEqual(["0-999", "1000-1999", "2000-2499"]);
});

test("credentials do not go to another host that takes the upload", async () => {
  await using other = await startTestRegistry();
  other.behave((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(201).end());
    return true;
  });
  registry.behave((request, response) => {
    if (request.url === "/v2/" || request.headers.authorization !== undefined) return false;
    return answers(401, { "www-authenticate": 'Basic realm="x"' })(request, response);
  });
  takeUploads(`http://${other.host}/elsewhere`);
  await push();
  expect(other.seen).toHaveLength(1);
  expect(other.seen[0]?.headers.authorization).toBeUndefined();
});

test.each([
  { what: "nowhere", headers: {}, message: /names undefined as the place of an upload/ },
  { what: "a file", headers: { location: "file:///etc" }, message: /as the place of an upload/ },
])("an upload to $what is refused", async ({ headers, message }) => {
  registry.behave(only("POST", answers(202, headers)));
  await expect(push()).rejects.toThrow(message);
});

test("a manifest that the registry changed is told", async () => {
  const digest = `sha256:${"0".repeat(64)}`;
  registry.behave((request, response) => {
    if (request.url?.includes("/manifests/") !== true || request.method !== "PUT") return false;
    return answers(201, { "docker-content-digest": digest })(request, response);
  });
  takeUploads();
  await expect(push()).rejects.toThrow(/has stored another manifest/);
});

test("a digest of another image cannot be pushed to", async () => {
  await expect(push(`app@sha256:${"0".repeat(64)}`)).rejects.toThrow(/push to a tag/);
});

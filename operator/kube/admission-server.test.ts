import { once } from "node:events";
import { request } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AdmissionServer, type AdmissionAnswer, parseReview } from "./admission-server.ts";
import { selfSignedCertificate } from "./self-signed-certificate.ts";

const now = Date.now();
const certificate = selfSignedCertificate({
  names: ["localhost"],
  from: new Date(now - 60_000),
  until: new Date(now + 600_000),
});

const answers: Readonly<Record<string, AdmissionAnswer>> = {
  "/allow": { kind: "allowed", warnings: ["careful"] },
  "/patch": { kind: "patched", patch: [{ op: "add", path: "/x", value: 1 }] },
  "/deny": {
    kind: "denied",
    message: "no",
    about: { group: "g", kind: "K", name: "n" },
    causes: [{ field: "spec.x", message: "is bad" }],
  },
};

let server: AdmissionServer;

beforeAll(async () => {
  const handlers = Object.fromEntries(
    Object.entries(answers).map(([path, answer]) => [
      path,
      async () => await Promise.resolve(answer),
    ]),
  );
  const broken = async (): Promise<AdmissionAnswer> => await Promise.reject(new Error("broken"));
  server = await AdmissionServer.start({
    host: "127.0.0.1",
    port: 0,
    certificate,
    handlers: { ...handlers, "/broken": broken },
  });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function post(path: string, body: string): Promise<{ status: number; text: string }> {
  const url = `https://localhost:${server.port}${path}`;
  const sent = request(url, { method: "POST", ca: certificate.cert, family: 4, agent: false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [
    AsyncIterable<Buffer> & { statusCode: number },
  ];
  return {
    status: response.statusCode,
    text: Buffer.concat(await Array.fromAsync(response)).toString(),
  };
}

const review = {
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: { uid: "u1", operation: "CREATE", object: { metadata: { name: "a" } } },
};

test.each([
  { path: "/allow?timeout=10s", response: { allowed: true, warnings: ["careful"] } },
  {
    path: "/patch",
    response: {
      allowed: true,
      patchType: "JSONPatch",
      patch: btoa('[{"op":"add","path":"/x","value":1}]'),
    },
  },
  {
    path: "/deny",
    response: {
      allowed: false,
      status: {
        code: 422,
        reason: "Invalid",
        message: "no",
        details: {
          group: "g",
          kind: "K",
          name: "n",
          causes: [{ reason: "FieldValueInvalid", field: "spec.x", message: "is bad" }],
        },
      },
    },
  },
])("$path answers the review", async ({ path, response }) => {
  const { status, text } = await post(path, JSON.stringify(review));
  const { request: _, ...head } = review;
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ ...head, response: { uid: "u1", ...response } });
});

test.each([
  { path: "/nowhere", body: JSON.stringify(review), status: 404 },
  { path: "/allow", body: "nonsense", status: 400 },
  { path: "/broken", body: JSON.stringify(review), status: 500 },
])("$path with $body: $status", async ({ path, body, status }) => {
  expect((await post(path, body)).status).toBe(status);
});

test("a new certificate is served to new connections", async () => {
  const other = selfSignedCertificate({
    names: ["localhost"],
    from: new Date(now - 60_000),
    until: new Date(now + 600_000),
  });
  server.renew(other);
  await expect(post("/allow", JSON.stringify(review))).rejects.toThrow("self-signed certificate");
  server.renew(certificate);
  expect((await post("/allow", JSON.stringify(review))).status).toBe(200);
});

test.each([
  "null",
  "[]",
  JSON.stringify({ ...review, apiVersion: "admission.k8s.io/v1beta1" }),
  JSON.stringify({ ...review, request: undefined }),
  JSON.stringify({ ...review, request: { uid: "u", object: null } }),
])("%s is no review", (text) => {
  expect(() => parseReview(text)).toThrow(/AdmissionReview/u);
});

import { expect, test } from "vitest";
import {
  apiVersionOf,
  collectionPath,
  objectPath,
  resourceName,
  resourceType,
} from "./resource.ts";

const pods = resourceType({ apiVersion: "v1", kind: "Pod", plural: "pods" });
const apps = resourceType({ apiVersion: "apps/v1", kind: "Deployment", plural: "deployments" });
const nodes = resourceType({ apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false });

test("paths and names", () => {
  expect(collectionPath(pods)).toBe("/api/v1/pods");
  expect(collectionPath(pods, "n")).toBe("/api/v1/namespaces/n/pods");
  expect(collectionPath(apps, "n")).toBe("/apis/apps/v1/namespaces/n/deployments");
  expect(objectPath(nodes, { name: "a" })).toBe("/api/v1/nodes/a");
  expect(objectPath(apps, { namespace: "n", name: "a" }, "scale")).toBe(
    "/apis/apps/v1/namespaces/n/deployments/a/scale",
  );
  // Names of RBAC objects hold colons.
  expect(objectPath(nodes, { name: "system:a b?c" })).toBe("/api/v1/nodes/system%3Aa%20b%3Fc");
  expect([apiVersionOf(pods), apiVersionOf(apps)]).toEqual(["v1", "apps/v1"]);
  expect([resourceName(pods), resourceName(apps)]).toEqual(["pods", "deployments.apps"]);
});

test.each([
  { type: pods, key: { name: "a" }, message: /needs a namespace/ },
  { type: pods, key: { name: "a", namespace: "" }, message: /needs a namespace/ },
  { type: nodes, key: { name: "a", namespace: "n" }, message: /has no namespace/ },
  { type: nodes, key: { name: "" }, message: /without a name/ },
  { type: nodes, key: { name: ".." }, message: /cannot be the name/ },
  { type: nodes, key: { name: "a/b" }, message: /cannot be the name/ },
  { type: pods, key: { name: "a", namespace: ".." }, message: /cannot be the name/ },
])("$key is refused", ({ type, key, message }) => {
  expect(() => objectPath(type, key)).toThrow(message);
});

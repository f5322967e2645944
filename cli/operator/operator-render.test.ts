import { expect, test } from "vitest";
import { renderManifests } from "./operator-render.ts";

const app = `
apiVersion: core.spinkube.dev/v1alpha1
kind: SpinApp
metadata: { name: hello }
spec: { image: "registry.example/hello:1", executor: containerd-shim-spin }
`;

const options = { file: "app.yaml" };

test("an app becomes a Secret, a Deployment and a Service", () => {
  const { manifests, complaints, failed } = renderManifests(app, options);
  expect(manifests.match(/^kind: .*$/gmu)).toEqual([
    "kind: Secret",
    "kind: Deployment",
    "kind: Service",
  ]);
  expect(manifests).toContain("name: hello-760b133c");
  expect(complaints).toEqual([
    "app.yaml: SpinApp hello: the operator also keeps Secret spin-ca with public certificates",
  ]);
  expect(failed).toBe(false);
});

test("objects get the namespace, and values come from the same file", () => {
  const text = `${app.replace("executor: containerd-shim-spin", 'executor: "", runtimeConfig: { llmCompute: { type: x, options: [{ name: y, valueFrom: { secretKeyRef: { name: s, key: k } } }] } }')}
---
apiVersion: v1
kind: Secret
metadata: { name: s }
stringData: { k: secret }
`;
  const { manifests } = renderManifests(text, { ...options, namespace: "shop" });
  expect(manifests.match(/namespace: shop/gu)).toHaveLength(3);
  const data = /runtime-config\.toml: (\S+)/u.exec(manifests)?.[1] ?? "";
  expect(Buffer.from(data, "base64").toString()).toContain("y = 'secret'");
});

test.each([
  {
    name: "replicas below zero",
    text: app.replace("executor:", "replicas: -1, executor:"),
    message: "spec.replicas: replicas must be > 0",
  },
  {
    name: "an unknown executor",
    text: app.replace("containerd-shim-spin", "other"),
    message: "SpinAppExecutor other does not exist",
  },
  {
    name: "no image",
    text: app.replace('image: "registry.example/hello:1", ', ""),
    message: "spec: must have required property 'image'",
  },
])("$name is told and nothing is printed", ({ text, message }) => {
  const { manifests, complaints, failed } = renderManifests(text, options);
  expect(manifests).toBe("");
  expect(complaints.join("\n")).toContain(`app.yaml: SpinApp hello: ${message}`);
  expect(failed).toBe(true);
});

test.each([
  { text: "", message: "app.yaml contains no SpinApp" },
  { text: "kind: [", message: "app.yaml: " },
  { text: "just text", message: "app.yaml: document 1 is no Kubernetes object" },
  { text: "kind: SpinApp", message: "SpinApp has no metadata.name" },
  { text: "{kind: SpinApp, metadata: {name: a}}", message: "SpinApp a has no spec" },
  { text: "{kind: SpinApp, metadata: {name: a}, spec: null}", message: "SpinApp a has no spec" },
])("a file with $text is refused", ({ text, message }) => {
  expect(() => renderManifests(text, options)).toThrow(message);
});

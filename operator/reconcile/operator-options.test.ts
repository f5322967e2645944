import { expect, test } from "vitest";
import { parseOperatorOptions } from "./operator-options.ts";

const nowhere = { podNamespace: undefined };

test("without flags: both servers, every namespace, no election", () => {
  expect(parseOperatorOptions([], nowhere)).toEqual({
    metrics: { host: "0.0.0.0", port: 8080 },
    health: { host: "0.0.0.0", port: 8082 },
    metricsSecure: true,
    metricsCertificates: undefined,
    webhooks: undefined,
    webhookCertificates: undefined,
    webhookClientAuthority: undefined,
    console: undefined,
    leaderElect: false,
    watchNamespace: undefined,
    operatorNamespace: "spin-operator",
    leaseOwner: undefined,
    concurrency: 8,
    logLevel: "info",
    kubeconfig: undefined,
  });
});

test("the arguments of spin-operator's chart are understood", () => {
  const argv = [
    "--health-probe-bind-address=:8082",
    "--metrics-bind-address=:8443",
    "--leader-elect",
    "--enable-webhooks",
  ];
  expect(parseOperatorOptions(argv, { podNamespace: "system" })).toMatchObject({
    metrics: { port: 8443 },
    leaderElect: true,
    operatorNamespace: "system",
    webhooks: { host: "0.0.0.0", port: 9443 },
  });
});

test.each([
  { argv: ["--metrics-bind-address", "0"], options: { metrics: undefined } },
  { argv: ["--metrics-bind-address=[::1]:99"], options: { metrics: { host: "::1", port: 99 } } },
  { argv: ["--leader-elect=false"], options: { leaderElect: false } },
  { argv: ["--metrics-secure=false"], options: { metricsSecure: false } },
  { argv: ["--enable-webhooks=false"], options: { webhooks: undefined } },
  {
    argv: ["--enable-webhooks", "--webhook-bind-address=127.0.0.1:1"],
    options: { webhooks: { host: "127.0.0.1", port: 1 } },
  },
  { argv: ["--webhook-cert-path", "/c"], options: { webhookCertificates: "/c" } },
  { argv: ["--webhook-client-ca-file", "/a"], options: { webhookClientAuthority: "/a" } },
  { argv: ["--lease-owner=whorl-operator"], options: { leaseOwner: "whorl-operator" } },
  { argv: ["--watch-namespace", "shop"], options: { watchNamespace: "shop" } },
  { argv: ["--console=false"], options: { console: undefined } },
  { argv: ["--console", "--console-bind-address", "0"], options: { console: undefined } },
  {
    argv: ["--console"],
    options: {
      console: {
        address: { host: "0.0.0.0", port: 8090 },
        isSecure: true,
        certificates: undefined,
        hostNames: [],
        title: "cluster",
      },
    },
  },
  {
    argv: [
      ...["--console", "--console-secure=false", "--console-title", "prod"],
      ...["--console-host-names=a.example,b.example", "--console-cert-path=/c"],
    ],
    options: {
      console: {
        isSecure: false,
        certificates: "/c",
        hostNames: ["a.example", "b.example"],
        title: "prod",
      },
    },
  },
])("$argv", ({ argv, options }) => {
  expect(parseOperatorOptions(argv, nowhere)).toMatchObject(options);
});

test.each([
  { argv: ["--metrics-bind-address", "x"], message: 'must be an address such as :8080, not "x"' },
  { argv: ["--health-probe-bind-address", ":99999"], message: "must be an address" },
  { argv: ["--concurrency", "0"], message: '--concurrency must be 1 to 256, not "0"' },
  { argv: ["--concurrency", "many"], message: '--concurrency must be 1 to 256, not "many"' },
  { argv: ["--log-level", "loud"], message: "--log-level must be one of" },
  { argv: ["--unknown"], message: "--unknown" },
  { argv: ["surplus"], message: "surplus" },
])("$argv is refused", ({ argv, message }) => {
  expect(() => parseOperatorOptions(argv, nowhere)).toThrow(message);
});

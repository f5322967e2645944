import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiException } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clusterError, openKube } from "./kube-session.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "whorl-test-"));
  for (const name of ["one", "two"]) await writeFile(join(directory, name), kubeconfig(name));
  await writeFile(join(directory, "broken"), "}");
});
afterEach(() => rm(directory, { recursive: true }));

function kubeconfig(name: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server: `https://${name}.example` } }],
    users: [{ name, user: { token: "t" } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: `ns-${name}` } }],
  });
}

function server(flags: object, environment: Record<string, string>): string {
  const { config, namespace } = openKube(flags, environment);
  return `${config.getCurrentCluster()?.server ?? ""} ${namespace}`;
}

describe("openKube takes", () => {
  test("the flag's file before everything else", () => {
    const environment = { KUBECONFIG: join(directory, "two") };
    expect(server({ kubeconfig: join(directory, "one") }, environment)).toBe(
      "https://one.example ns-one",
    );
  });

  test("all files of KUBECONFIG, the first one's context", () => {
    const files = ["one", "absent", "two"].map((name) => join(directory, name)).join(":");
    expect(server({}, { KUBECONFIG: files })).toBe("https://one.example ns-one");
    expect(server({ context: "two" }, { KUBECONFIG: files })).toBe("https://two.example ns-two");
  });

  test("the namespace of the flag before the context's", () => {
    expect(server({ namespace: "mine" }, { KUBECONFIG: join(directory, "one") })).toBe(
      "https://one.example mine",
    );
  });
});

describe("openKube refuses", () => {
  test.each<[flags: object, environment: Record<string, string>, message: RegExp]>([
    [{}, {}, /there is no kubeconfig \(no HOME\); name one with --kubeconfig/],
    [{}, { HOME: "/absent" }, /there is no kubeconfig \(\/absent\/\.kube\/config\)/],
    [{ kubeconfig: "/absent" }, {}, /cannot read the kubeconfig \/absent/],
  ])("%j with %j", (flags, environment, message) => {
    expect(() => openKube(flags, environment)).toThrow(message);
  });

  test("a file that is no kubeconfig, and a context that is not there", () => {
    expect(() => openKube({ kubeconfig: join(directory, "broken") }, {})).toThrow("cannot read");
    const flags = { kubeconfig: join(directory, "one"), context: "x" };
    expect(() => openKube(flags, {})).toThrow('no context "x"; it has one');
  });
});

test.each([
  [401, /cannot list: why; log in/],
  [403, /cannot list: why; ask for the rights/],
  [409, /--force-conflicts/],
  [500, /cannot list: why$/],
])("clusterError says what to do about %d", (code, message) => {
  const error = new ApiException(code, "m", JSON.stringify({ message: "why" }), {});
  expect(clusterError(error, "list")).toMatchObject({
    code: "cluster",
    message: expect.stringMatching(message),
  });
});

test("clusterError leaves mistakes of this program as they are", () => {
  const error = new TypeError("x is not a function");
  expect(clusterError(error, "list")).toBe(error);
});

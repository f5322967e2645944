import { expect, test } from "vitest";
import { ShimError } from "../error.ts";
import { parseContainerdConfiguration } from "./containerd-configuration.ts";
import { distributionNamed, type ConfigurationStyle } from "./distribution.ts";
import { type ConfigurationFiles, planConfiguration } from "./plan-configuration.ts";
import type { DesiredHandler } from "./runtime-section.ts";

const shim = "/opt/whorl/current/bin/containerd-shim-whorl-v1";
const handlers: readonly DesiredHandler[] = [
  { name: "whorl", shim, servesSandbox: false },
  { name: "spin", shim, servesSandbox: false },
];
const plain = "/etc/containerd/config.toml";
const rancher = "/var/lib/rancher/k3s/agent/etc/containerd";
const microk8s = "/var/snap/microk8s/current/args/containerd-template.toml";
const k0s = "/etc/k0s/containerd.toml";

const cri2 = 'plugins."io.containerd.grpc.v1.cri"';
const cri3 = "plugins.'io.containerd.cri.v1.runtime'";
const version2 = `# kubeadm wrote this
version = 2

[${cri2}]
  sandbox_image = "pause:3.10" # keep
[${cri2}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`;
const version3 = `version = 3
imports = ["/etc/containerd/conf.d/*.toml"]
[${cri3}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
`;

type Files = Readonly<Record<string, string>>;

function filesOf(files: Files): ConfigurationFiles {
  return {
    read: (path) => files[path],
    list: (folder) =>
      Object.keys(files).flatMap((path) =>
        path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [],
      ),
  };
}

function apply(files: Files, style: ConfigurationStyle, version: string, wanted = handlers): Files {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const after = new Map(Object.entries(files));
  const request = { style, containerd: { major, minor }, handlers: wanted, files: filesOf(files) };
  for (const edit of planConfiguration(request)) {
    expect(edit.before).toBe(files[edit.path]);
    if (edit.after === undefined) after.delete(edit.path);
    else after.set(edit.path, edit.after);
  }
  return Object.fromEntries(after);
}

const cases = [
  { name: "plain, version 2", containerd: "1.7", files: { [plain]: version2 }, changed: plain },
  {
    name: "plain, version 2, containerd 2",
    containerd: "2.1",
    files: { [plain]: version2 },
    changed: plain,
  },
  {
    name: "plain, version 2, containerd 2 that imports a folder anyway",
    containerd: "2.2",
    files: { [plain]: version2 },
    changed: "/etc/containerd/conf.d/whorl.toml",
  },
  {
    name: "plain, version 3 with a folder",
    containerd: "2.0",
    files: { [plain]: version3 },
    changed: "/etc/containerd/conf.d/whorl.toml",
  },
  {
    name: "plain, a folder relative to the file",
    containerd: "2.1",
    files: { [plain]: 'version = 3\nimports = ["more/*.toml"]\n' },
    changed: "/etc/containerd/more/whorl.toml",
  },
  {
    name: "plain, containerd 1, whose imports replace a plugin's other settings",
    containerd: "1.7",
    files: { [plain]: `imports = ["/etc/containerd/conf.d/*.toml"]\n${version2}` },
    changed: plain,
  },
  {
    name: "plain, imports of single files",
    containerd: "2.2",
    files: { [plain]: 'version = 3\nimports = ["/etc/one.toml"]\n' },
    changed: plain,
  },
  {
    name: "plain, version 1",
    containerd: "1.6",
    files: { [plain]: "[plugins.cri]\n" },
    changed: plain,
  },
  { name: "plain, no file", containerd: "1.7", files: {}, changed: plain },
  { name: "plain, an empty file", containerd: "1.7", files: { [plain]: "" }, changed: plain },
  {
    name: "plain, a file of comments",
    containerd: "1.7",
    files: { [plain]: "# nothing yet\n" },
    changed: plain,
  },
  { name: "plain, no file, containerd 2.1", containerd: "2.1", files: {}, changed: plain },
  {
    name: "plain, no file, containerd 2.4",
    containerd: "2.4",
    files: {},
    changed: "/etc/containerd/conf.d/whorl.toml",
  },
  {
    name: "k3s with containerd 1",
    distribution: "k3s",
    containerd: "1.7",
    files: { [`${rancher}/config.toml`]: version2 },
    changed: `${rancher}/config.toml.tmpl`,
  },
  {
    name: "k3s with a template of the user",
    distribution: "k3s",
    containerd: "1.7",
    files: {
      [`${rancher}/config.toml`]: version2,
      [`${rancher}/config.toml.tmpl`]: '{{ template "base" . }}\n[debug]\nlevel = "{{ .Level }}"\n',
    },
    changed: `${rancher}/config.toml.tmpl`,
  },
  {
    name: "k3s with containerd 2",
    distribution: "k3s",
    containerd: "2.0",
    files: { [`${rancher}/config.toml`]: "version = 3\n" },
    changed: `${rancher}/config-v3.toml.tmpl`,
  },
  {
    name: "k3s with containerd 2 that imports a folder",
    distribution: "k3s",
    containerd: "2.1",
    files: {
      [`${rancher}/config.toml`]: `version = 3\nimports = ["${rancher}/config-v3.toml.d/*.toml"]\n`,
    },
    changed: `${rancher}/config-v3.toml.d/whorl.toml`,
  },
  {
    name: "k0s",
    distribution: "k0s",
    containerd: "1.7",
    files: { [k0s]: "# k0s_managed=true\nversion = 2\n" },
    changed: "/etc/k0s/containerd.d/whorl.toml",
  },
  {
    name: "k0s whose file somebody keeps himself",
    distribution: "k0s",
    containerd: "1.7",
    files: { [k0s]: "version = 2\n" },
    changed: k0s,
  },
  {
    name: "MicroK8s",
    distribution: "microk8s",
    containerd: "1.7",
    files: {
      [microk8s]: `version = 2\n[${cri2}]\n  snapshotter = "\${SNAPSHOTTER}"\n  limit = \${LIMIT}\n`,
    },
    changed: microk8s,
  },
] as const;

test.each(cases)("$name", (given) => {
  const { containerd, changed } = given;
  const files: Files = given.files;
  const { style } = distributionNamed("distribution" in given ? given.distribution : "plain");
  const after = apply(files, style, containerd);
  const others = Object.keys(after).filter((path) => path !== changed);
  for (const path of others) expect(after[path]).toBe(files[path]);
  // What was there is there, in its order.
  expect(after[changed]?.startsWith(files[changed] ?? "")).toBe(true);
  if (!/\{\{|\$\{/.test(after[changed] ?? "")) {
    const parsed = parseContainerdConfiguration(after[changed] ?? "", changed);
    expect(parsed.handlers).toEqual(
      expect.arrayContaining(
        handlers.map(({ name }) => expect.objectContaining({ name, type: shim })),
      ),
    );
  }
  expect(apply(after, style, containerd)).toEqual(after);
  // Without handlers everything is as it was, byte for byte.
  expect(apply(after, style, containerd, [])).toEqual(files);
});

test("another set of handlers replaces the one before", () => {
  const { style } = distributionNamed("plain");
  const first = apply({ [plain]: version2 }, style, "1.7");
  const second = apply(first, style, "1.7", handlers.slice(0, 1));
  expect(second[plain]).not.toContain("spin");
  expect(apply(second, style, "1.7", [])).toEqual({ [plain]: version2 });
});

test("an update of containerd moves our part to where it belongs now", () => {
  const { style } = distributionNamed("plain");
  const old = apply({ [plain]: version2 }, style, "1.7");
  const now = apply(old, style, "2.4");
  expect(now[plain]).toBe(version2);
  expect(Object.keys(now)).toContain("/etc/containerd/conf.d/whorl.toml");
});

test("a handler that is configured in the same way already is not configured again", () => {
  const text = `${version2}[${cri2}.containerd.runtimes.whorl]\nruntime_type = "${shim}"\n`;
  const after = apply({ [plain]: text }, distributionNamed("plain").style, "1.7");
  expect(after[plain]?.match(/runtimes\."?whorl/g)).toHaveLength(1);
  expect(after[plain]).toContain('runtimes."spin"');
});

const bad = [
  {
    name: "broken TOML",
    files: { [plain]: "version = 2\n[plugins\n" },
    code: "invalid_argument",
    reason: `${plain}:3`,
  },
  {
    name: "a version nobody knows",
    files: { [plain]: "version = 9\n" },
    code: "invalid_argument",
    reason: "version 9",
  },
  {
    name: "a handler of somebody else",
    files: { [plain]: `${version2}[${cri2}.containerd.runtimes.spin]\nruntime_type = "/opt/x"\n` },
    code: "failed_precondition",
    reason: `${plain}:8 configures the runtime handler spin already (runtime_type /opt/x)`,
  },
  {
    name: "a handler of somebody else in the imported folder",
    containerd: "2.1",
    files: {
      [plain]: version3,
      "/etc/containerd/conf.d/rcm.toml": `version = 3\n[${cri3}.containerd.runtimes.spin]\nruntime_type = "/opt/x"\n`,
    },
    code: "failed_precondition",
    reason: "/etc/containerd/conf.d/rcm.toml:2",
  },
  {
    name: "a handler of somebody else in a template",
    distribution: "k3s",
    files: {
      [`${rancher}/config.toml`]: "version = 2\n",
      [`${rancher}/config.toml.tmpl`]: `{{ template "base" . }}\n[${cri2}.containerd.runtimes."spin"]\n  runtime_type = "/opt/x"\n`,
    },
    code: "failed_precondition",
    reason: "config.toml.tmpl:2",
  },
  {
    name: "runtimes as an inline table",
    files: {
      [plain]: `version = 2\n[${cri2}.containerd]\nruntimes = { runc = { runtime_type = "io.containerd.runc.v2" } }\n`,
    },
    code: "failed_precondition",
    reason: "inline tables",
  },
  {
    name: "half of our block",
    files: { [plain]: `${version2}# <<< whorl\n` },
    code: "failed_precondition",
    reason: "remove them",
  },
] as const;

test.each(bad)("$name: nothing is changed, and one sentence says why", (given) => {
  const { style } = distributionNamed("distribution" in given ? given.distribution : "plain");
  const containerd = "containerd" in given ? given.containerd : "1.7";
  let thrown: unknown;
  try {
    apply(given.files, style, containerd);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ShimError);
  expect(thrown).toMatchObject({ code: given.code });
  expect((thrown as ShimError).message).toContain(given.reason);
});

test("what somebody else broke meanwhile does not keep our part from going", () => {
  const { style } = distributionNamed("plain");
  const after = apply({ [plain]: version2 }, style, "1.7");
  const broken = { [plain]: `[broken\n${after[plain]}` };
  expect(apply(broken, style, "1.7", [])).toEqual({ [plain]: `[broken\n${version2}` });
});

test("the sandboxes of a handler can be the shim's own", () => {
  const wanted = [{ name: "whorl-pod", shim, servesSandbox: true }];
  const after = apply({}, distributionNamed("plain").style, "2.1", wanted);
  expect(after[plain]).toContain('sandboxer = "shim"');
});

import { expect, test } from "vitest";
import {
  closedSystem,
  detectDistribution,
  distributionNamed,
  distributionNames,
} from "./distribution.ts";

const k3s = "/var/lib/rancher/k3s/agent/etc/containerd/config.toml";
const rke2 = "/var/lib/rancher/rke2/agent/etc/containerd/config.toml";
const microk8s = "/var/snap/microk8s/current/args/containerd-template.toml";
const plain = "/etc/containerd/config.toml";
const plainSocket = "/run/containerd/containerd.sock";

test.each([
  { name: "nothing at all", files: [], expected: "plain" },
  { name: "kubeadm, kind and clouds", files: [plain], expected: "plain" },
  { name: "MicroK8s", files: [microk8s], expected: "microk8s" },
  { name: "RKE2", files: [rke2], expected: "rke2" },
  { name: "k3s and k3d", files: [k3s], expected: "k3s" },
  { name: "k0s", files: ["/etc/k0s/containerd.toml"], expected: "k0s" },
  { name: "k3s beside a plain file of Docker", files: [k3s, plain], expected: "k3s" },
  {
    name: "what is left of k3s, with a plain containerd running",
    files: [k3s, plain, plainSocket],
    expected: "plain",
  },
])("$name", ({ files, expected }) => {
  expect(detectDistribution((path) => files.includes(path)).name).toBe(expected);
});

test.each(distributionNames)("%s is found by its name", (name) => {
  expect(distributionNamed(name).name).toBe(name);
});

test.each([
  ["Talos", 'NAME="Talos"\nID=talos\n', "Talos"],
  ["Bottlerocket", 'ID="bottlerocket"\n', "Bottlerocket"],
])("%s cannot be changed from a pod", (_name, text, expected) => {
  expect(closedSystem(text)).toContain(expected);
});

test.each(["", "ID=ubuntu\nVERSION_ID=24.04\n", 'ID="debian"'])("%j can", (text) => {
  expect(closedSystem(text)).toBeUndefined();
});

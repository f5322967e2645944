import { expect, test } from "vitest";
import { podAttributes } from "./pod-attributes.ts";

const cri = "io.kubernetes.cri.";

test("a pod is told by its annotations", () => {
  const annotations = new Map([
    [`${cri}sandbox-namespace`, "shop"],
    [`${cri}sandbox-name`, "cart-7"],
    [`${cri}sandbox-uid`, "1-2-3"],
    [`${cri}container-name`, "cart"],
    [`${cri}image-name`, "registry.example/cart:1"],
  ]);
  expect(podAttributes(annotations)).toEqual([
    ["k8s.namespace.name", "shop"],
    ["k8s.pod.name", "cart-7"],
    ["k8s.pod.uid", "1-2-3"],
    ["k8s.container.name", "cart"],
    ["service.instance.id", "shop.cart-7.cart"],
  ]);
});

test.each<[string, [string, string][], [string, string][]]>([
  ["without Kubernetes", [], []],
  ["what is empty is not known", [[`${cri}sandbox-name`, ""]], []],
  [
    "what is known, without an instance where that is not",
    [[`${cri}sandbox-name`, "cart-7"]],
    [["k8s.pod.name", "cart-7"]],
  ],
])("%s", (_, annotations, attributes) => {
  expect(podAttributes(new Map(annotations))).toEqual(attributes);
});

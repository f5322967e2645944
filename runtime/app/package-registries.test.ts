import { describe, expect, test } from "vitest";
import {
  commonPackageRegistries,
  packagePlace,
  parsePackageName,
  parsePackageRegistries,
  registryOfPackage,
} from "./package-registries.ts";

const config = `
default_registry = "all.example"
[namespace_registries]
acme = "acme.example"
deep = { registry = "deep.example", metadata = { preferredProtocol = "oci", oci = { registry = "images.example:5000", namespacePrefix = "team/" } } }
[package_registry_overrides]
"acme:special" = "special.example"
[registry."acme.example".oci]
auth = { username = "open", password = "sesame" }
`;

describe("registryOfPackage", () => {
  const registries = parsePackageRegistries(config, "config.toml");

  test.each([
    ["acme:special", "special.example"],
    ["acme:other", "acme.example"],
    ["deep:one", "deep.example"],
    ["unknown:one", "all.example"],
  ])("%s is in %s", (name, registry) => {
    const parsed = parsePackageName(name);
    expect(parsed && registryOfPackage(parsed, registries).registry).toBe(registry);
  });

  test("the namespaces of the standard have a registry without any configuration", () => {
    const name = { namespace: "wasi", name: "http" };
    expect(registryOfPackage(name, commonPackageRegistries).registry).toBe("wasi.dev");
  });

  test("without a default an unknown namespace is refused with what to do", () => {
    const find = (): unknown =>
      registryOfPackage({ namespace: "acme", name: "one" }, commonPackageRegistries);
    expect(find).toThrow(/no registry is known for the package "acme:one"; add registry/);
  });
});

describe("packagePlace", () => {
  test.each([
    { metadata: {}, place: { registry: "r.example", prefix: "" } },
    {
      metadata: { oci: { registry: "i.example", namespacePrefix: "team/" } },
      place: { registry: "i.example", prefix: "team/" },
    },
    {
      metadata: { ociRegistry: "i.example", ociNamespacePrefix: "p/" },
      place: { registry: "i.example", prefix: "p/" },
    },
    {
      metadata: { preferredProtocol: "warg", oci: {} },
      place: { registry: "r.example", prefix: "" },
    },
  ])("$metadata", ({ metadata, place }) => {
    expect(packagePlace({ registry: "r.example", metadata })).toEqual(place);
  });

  test("another protocol alone is refused", () => {
    const registry = { registry: "r.example", metadata: { preferredProtocol: "warg" } };
    expect(() => packagePlace(registry)).toThrow(/only speaks "warg"/);
  });
});

test.each(["", "ns", "ns:", ":name", "NS:name", "ns:name/iface", "ns:na_me", "a:b:c"])(
  "%j is no package",
  (text) => {
    expect(parsePackageName(text)).toBeUndefined();
  },
);

test.each([
  ["[", /^c\.toml:1:\d+: the TOML is broken/],
  ["default_registry = 1", /c\.toml: 1 names no registry/],
  ["namespace_registries = { a = {} }", /names no registry/],
])("the configuration %j is refused", (text, message) => {
  expect(() => parsePackageRegistries(text, "c.toml")).toThrow(message);
});

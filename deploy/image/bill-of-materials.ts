import type { BundledPackage } from "./bundled-packages.ts";
import type { LockedDebianPackage } from "./debian-libraries.ts";

/** What one image of one platform is made of. */
export interface Materials {
  /** `whorl-operator`. */
  readonly image: string;
  readonly version: string;
  readonly architecture: string;
  /** Digest of the platform's manifest. */
  readonly digest: string;
  readonly debian: readonly LockedDebianPackage[];
  readonly node: { readonly package: string; readonly version: string; readonly integrity: string };
  readonly npm: readonly BundledPackage[];
  /** Commit that the sources are of; undefined where they are in no repository. */
  readonly commit: string | undefined;
}

interface SpdxPackage {
  readonly name: string;
  readonly SPDXID: string;
  readonly versionInfo: string;
  readonly downloadLocation: "NOASSERTION";
  readonly licenseConcluded: "NOASSERTION";
  readonly licenseDeclared: string;
  readonly copyrightText: "NOASSERTION";
  readonly filesAnalyzed: false;
  readonly checksums?: readonly object[];
  readonly externalRefs?: readonly object[];
}

/** SPDX 2.3 (spdx.github.io/spdx-spec/v2.3) as JSON: the same text for the same materials. */
export function billOfMaterials(materials: Materials): string {
  const { image, version, architecture, digest } = materials;
  const own = spdxPackage({ name: image, version, licence: "Apache-2.0" }, purlOf(materials));
  const parts = [
    ...materials.debian.map(({ name, version: debianVersion, sha256 }) => ({
      ...spdxPackage(
        { name, version: debianVersion, licence: "NOASSERTION" },
        `pkg:deb/debian/${name}@${encodeURIComponent(debianVersion)}?arch=${architecture}`,
      ),
      checksums: [{ algorithm: "SHA256", checksumValue: sha256.replace(/^sha256:/, "") }],
    })),
    spdxPackage(
      { name: "node", version: materials.node.version, licence: "MIT" },
      `pkg:npm/${materials.node.package}@${materials.node.version}`,
    ),
    ...materials.npm.map((each) =>
      spdxPackage(each, `pkg:npm/${each.name.replace("@", "%40")}@${each.version}`),
    ),
  ];
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `${image}-${version}-${architecture}`,
    documentNamespace: `urn:whorl:${image}:${version}:${architecture}:${digest}`,
    creationInfo: { created: "1970-01-01T00:00:00Z", creators: ["Tool: whorl"] },
    packages: [{ ...own, checksums: [checksum(digest)] }, ...parts],
    relationships: [
      relationship("SPDXRef-DOCUMENT", "DESCRIBES", own.SPDXID),
      ...parts.map(({ SPDXID }) => relationship(own.SPDXID, "CONTAINS", SPDXID)),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** An in-toto statement with SLSA provenance (slsa.dev/spec/v1.0/provenance) as JSON. */
export function provenance(materials: Materials): string {
  const { image, version, architecture, digest, commit, node } = materials;
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: purlOf(materials), digest: { sha256: digest.replace(/^sha256:/, "") } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: "https://whorl.dev/npm-run-image/v1",
        externalParameters: { image, version, platform: `linux/${architecture}` },
        resolvedDependencies: [
          ...(commit === undefined ? [] : [{ uri: "git+whorl", digest: { gitCommit: commit } }]),
          ...materials.debian.map(({ name, version: debianVersion, sha256 }) => ({
            uri: `pkg:deb/debian/${name}@${encodeURIComponent(debianVersion)}?arch=${architecture}`,
            digest: { sha256: sha256.replace(/^sha256:/, "") },
          })),
          {
            uri: `pkg:npm/${node.package}@${node.version}`,
            digest: { sha512: integrityHex(node.integrity) },
          },
        ],
      },
      runDetails: { builder: { id: "https://whorl.dev/npm-run-image" } },
    },
  };
  return `${JSON.stringify(statement, undefined, 2)}\n`;
}

function purlOf({ image, version, architecture }: Materials): string {
  return `pkg:oci/${image}@${version}?arch=${architecture}`;
}

function spdxPackage({ name, version, licence }: BundledPackage, purl: string): SpdxPackage {
  return {
    name,
    SPDXID: `SPDXRef-${`${name}-${version}`.replaceAll(/[^A-Za-z0-9.-]/g, "-")}`,
    versionInfo: version,
    downloadLocation: "NOASSERTION",
    licenseConcluded: "NOASSERTION",
    licenseDeclared: licence,
    copyrightText: "NOASSERTION",
    filesAnalyzed: false,
    externalRefs: [
      { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl },
    ],
  };
}

function checksum(digest: string): object {
  return { algorithm: "SHA256", checksumValue: digest.replace(/^sha256:/, "") };
}

function relationship(from: string, type: string, to: string): object {
  return { spdxElementId: from, relationshipType: type, relatedSpdxElement: to };
}

function integrityHex(integrity: string): string {
  return Buffer.from(integrity.slice(integrity.indexOf("-") + 1), "base64").toString("hex");
}

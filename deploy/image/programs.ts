import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Metafile, type Plugin, build } from "esbuild";
import { writeConsole } from "../../console/build-console.ts";
import { buildOperator, operatorNodeFlags } from "../../operator/build-operator.ts";
import { buildShim, ofVersion } from "../../shim/build-shim.ts";
import { formatInstallList, installLayout, type InstalledFile } from "../../shim/install-layout.ts";
import { programs } from "../../shim/programs.ts";
import { type BundledPackage, bundledPackages } from "./bundled-packages.ts";
import { type LayerEntry, sha256 } from "./layer.ts";
import type { NodeBinary } from "./node-binary.ts";
import type { ImageSettings } from "./oci-index.ts";

export type ImageName = "operator" | "agent";

/** What is in an image above Node and its libraries. */
export interface ProgramFiles {
  /** Files of a platform, which may depend on its Node. */
  readonly entries: (node: NodeBinary) => readonly LayerEntry[];
  readonly settings: Omit<ImageSettings, "labels">;
  readonly packages: readonly BundledPackage[];
}

/** Where both images have Node: in the tree that the agent installs, so that a node has it once. */
const treeFolder = "/opt/whorl-node";
export const nodePath: string = `${treeFolder}/${installLayout.node}`;

const sources = fileURLToPath(new URL("../..", import.meta.url));

/** Bundles the programs of an image; those of nodes say that they are of this version. */
export async function programFiles(image: ImageName, version: string): Promise<ProgramFiles> {
  const folder = mkdtempSync(join(tmpdir(), "whorl-image-"));
  try {
    return image === "operator" ? await operatorFiles(folder) : await agentFiles(folder, version);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function operatorFiles(folder: string): Promise<ProgramFiles> {
  const file = join(folder, "operator.js");
  const metafile = await buildOperator(file);
  const page = await writeConsole(join(folder, "console"));
  const entries = filesIn(folder).map(({ path, content }) => ({ path: `/app/${path}`, content }));
  return {
    entries: () => entries,
    packages: bundledPackages([metafile, page]),
    settings: {
      entrypoint: [nodePath, ...operatorNodeFlags, "/app/operator.js"],
      user: "65532:65532",
    },
  };
}

async function agentFiles(folder: string, version: string): Promise<ProgramFiles> {
  const [treeFiles, agentFile] = [join(folder, "tree"), join(folder, "agent/agent.js")];
  const list = await buildShim(treeFiles, version);
  const plugins = [ofVersion(version)];
  const agent = await bundle({ agent: "shim/agent-main.ts" }, join(folder, "agent"), plugins);
  const shim = await bundle(
    Object.fromEntries(Object.entries(programs).map(([name, path]) => [name, `shim/${path}`])),
    undefined,
  );
  const content = readFileSync(agentFile);
  const tree = list
    .filter(({ path }) => path !== installLayout.node)
    .map(({ path, mode }) => {
      return { path: `${treeFolder}/${path}`, content: readFileSync(join(treeFiles, path)), mode };
    });
  return {
    entries: (node) => [
      { path: "/app/agent.js", content },
      ...tree,
      { path: `${treeFolder}/${installLayout.list}`, content: listWith(list, node) },
    ],
    packages: bundledPackages([agent, shim]),
    settings: {
      // Node's own calls into the kernel are said to be experimental, each time it starts.
      entrypoint: [nodePath, "--disable-warning=ExperimentalWarning", "/app/agent.js"],
      command: ["run"],
    },
  };
}

/** The list of the tree's files with the Node of another platform. */
function listWith(list: readonly InstalledFile[], { bytes }: NodeBinary): string {
  const digest = sha256(bytes).replace(/^sha256:/, "");
  return formatInstallList(
    list.map((file) =>
      file.path === installLayout.node ? { ...file, bytes: bytes.length, sha256: digest } : file,
    ),
  );
}

/** Bundles programs into a folder; with none, only finds out what they are made of. */
async function bundle(
  entryPoints: Readonly<Record<string, string>>,
  outdir: string | undefined,
  plugins: Plugin[] = [],
): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: { ...entryPoints },
    absWorkingDir: sources,
    ...(outdir === undefined ? { outdir: ".", write: false } : { outdir }),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node26",
    metafile: true,
    plugins,
    // Bundled CommonJS packages ask for Node's own modules with require.
    banner: {
      js: 'import { createRequire as createRequireForBundle } from "node:module";\nconst require = createRequireForBundle(import.meta.url);',
    },
    legalComments: "external",
    logLevel: "error",
  });
  return metafile;
}

/** All files below a folder, sorted by their relative path. */
function filesIn(folder: string): readonly { path: string; content: Uint8Array }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted()
    .map((file) => ({ path: file.slice(folder.length + 1), content: readFileSync(file) }));
}

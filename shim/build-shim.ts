import { createHash } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type OnResolveArgs, type OnResolveResult, type Plugin } from "esbuild";
import { formatInstallList, type InstalledFile, installLayout } from "./install-layout.ts";
import { programs } from "./programs.ts";

const sources = fileURLToPath(new URL(".", import.meta.url));
const executables: readonly string[] = [
  installLayout.node,
  installLayout.shim,
  installLayout.spinShim,
];

/**
 * Makes the tree that install-layout.ts describes, for the processor of this machine. What nodes
 * rarely need (clients of clouds and databases, the encoder of core modules) is in files of its own
 * that are loaded then, so that no process holds it otherwise. The same sources give the same bytes.
 * With a version, the programs say that they are of that one.
 */
export async function buildShim(
  folder: string,
  version?: string,
): Promise<readonly InstalledFile[]> {
  rmSync(folder, { recursive: true, force: true });
  const code = join(folder, installLayout.code);
  mkdirSync(join(folder, "bin"), { recursive: true });
  const assets = new Map<string, string>();
  await build({
    entryPoints: Object.entries(programs).map(([out, source]) => {
      return { in: join(sources, source), out };
    }),
    outdir: code,
    absWorkingDir: dirname(sources),
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node26",
    // The text of the code stays in the memory of each process; names stay for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    plugins: [encoderOfComponents(assets), ...(version === undefined ? [] : [ofVersion(version)])],
    // Bundled CommonJS packages ask for Node's own modules with require.
    banner: {
      js: 'import { createRequire as createRequireForBundle } from "node:module";\nconst require = createRequireForBundle(import.meta.url);',
    },
    legalComments: "external",
    logLevel: "error",
  });
  const bundled = readdirSync(code).map((name) => readFileSync(join(code, name), "utf8"));
  for (const [name, source] of assets) {
    const isUsed = bundled.some((text) => text.includes(name));
    if (isUsed) copyFileSync(source, join(code, name));
  }
  for (const path of [installLayout.shim, installLayout.spinShim]) {
    copyFileSync(join(sources, path), join(folder, path));
  }
  copyFileSync(nodeBinary(), join(folder, installLayout.node), constants.COPYFILE_FICLONE);
  const files = listFiles(folder);
  for (const { path, mode } of files) chmodSync(join(folder, path), mode);
  writeFileSync(join(folder, installLayout.list), formatInstallList(files));
  return files;
}

/** The shim's programs of another version than the project's. */
export function ofVersion(version: string): Plugin {
  return {
    name: "of-version",
    setup(esbuild) {
      const contents = `export const version = ${JSON.stringify(version)};`;
      esbuild.onLoad({ filter: /\/shim\/version\.ts$/ }, () => ({ contents }));
    },
  };
}

function nodeBinary(): string {
  const name = `node-linux-${process.arch}`;
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return join(dirname(manifest), "bin/node");
}

function listFiles(folder: string): readonly InstalledFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      const path = file.slice(folder.length + 1);
      const content = readFileSync(file);
      const sha256 = createHash("sha256").update(content).digest("hex");
      const mode = executables.includes(path) ? 0o755 : 0o644;
      return { path, mode, bytes: content.length, sha256 };
    });
}

const encoderPackage = "@bytecodealliance/jco";
const usedOfEncoder = [
  "componentEmbed",
  "componentNew",
  "preview1AdapterCommandPath",
  "preview1AdapterReactorPath",
].join(", ");
const resolvedOnce = { resolvedOnce: true };

/**
 * Of the package only the encoder, without compilers and optimizers. The files that it looks for
 * beside its modules are put beside the bundle: their names and places are added to `assets`.
 */
function encoderOfComponents(assets: Map<string, string>): Plugin {
  return {
    name: "encoder-of-components",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^@bytecodealliance\/jco$/ }, ({ importer, resolveDir }) =>
        importer.startsWith(dirname(sources))
          ? { path: encoderPackage, namespace: "encoder", pluginData: { resolveDir } }
          : undefined,
      );
      esbuild.onLoad({ filter: /.*/, namespace: "encoder" }, ({ pluginData }) => ({
        contents: `export { ${usedOfEncoder} } from "${encoderPackage}";`,
        resolveDir: (pluginData as { readonly resolveDir: string }).resolveDir,
      }));
      const pure = async (args: OnResolveArgs): Promise<OnResolveResult | undefined> => {
        const { path, kind, importer, resolveDir, namespace, pluginData } = args;
        const isOfEncoder = namespace === "encoder" || importer.includes(encoderPackage);
        if (!isOfEncoder || pluginData === resolvedOnce) return undefined;
        const options = { kind, importer, resolveDir, pluginData: resolvedOnce };
        const found = await esbuild.resolve(path, options);
        return found.errors.length === 0 && !found.external
          ? { path: found.path, sideEffects: false }
          : undefined;
      };
      esbuild.onResolve({ filter: /^@bytecodealliance\/jco|^\.\.?\// }, pure);
      esbuild.onLoad({ filter: /@bytecodealliance\/.*\.js$/ }, ({ path }) => {
        return { contents: flattened(path, assets), loader: "js" };
      });
    },
  };
}

/** A module whose neighbours are all in its own folder. */
function flattened(path: string, assets: Map<string, string>): string {
  return readFileSync(path, "utf8").replaceAll(
    /new URL\((["'])(\.{1,2}\/[^"']+)\1, import\.meta\.url\)/g,
    (_match, _quote, relative: string) => {
      const name = basename(relative);
      assets.set(name, resolve(dirname(path), relative));
      return `new URL("./${name}", import.meta.url)`;
    },
  );
}

if (import.meta.main) {
  const folder = fileURLToPath(new URL(`../dist/${installLayout.source}`, import.meta.url));
  const files = await buildShim(folder);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  console.log(`${folder}: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
}

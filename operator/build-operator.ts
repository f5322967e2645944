import { readFileSync } from "node:fs";
import { type Metafile, type OnResolveArgs, type Plugin, build } from "esbuild";
import { fileURLToPath } from "node:url";

/**
 * Flags for the Node that runs the operator. With V8's own choice of 16 MB and more for young
 * objects the process keeps over 100 MB that it does not use, after each burst of events.
 */
export const operatorNodeFlags: readonly string[] = ["--max-semi-space-size=4"];

const entry = fileURLToPath(new URL("main.ts", import.meta.url));
const clientPackage = "@kubernetes/client-node";
const resolvedOnce = { resolvedOnce: true };

/**
 * Bundles the operator into one file that needs no package. Of the Kubernetes client only the
 * reading of kubeconfigs is used: without its 600 generated classes the process is 80 MB smaller.
 */
export async function buildOperator(outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node26",
    metafile: true,
    // What makes the page in a checkout: beside the bundle lies what it has made.
    external: ["*/build-console.ts"],
    plugins: [withoutUnusedClasses],
    // Bundled CommonJS packages ask for Node's own modules with require.
    banner: {
      js: 'import { createRequire as createRequireForBundle } from "node:module";\nconst require = createRequireForBundle(import.meta.url);',
    },
    legalComments: "external",
    logLevel: "error",
  });
  return metafile;
}

/** The client's modules only declare things, but its package.json does not say so. */
const withoutUnusedClasses: Plugin = {
  name: "without-unused-classes",
  setup(esbuild) {
    const pure = async ({
      path,
      kind,
      importer,
      resolveDir,
      pluginData,
    }: OnResolveArgs): Promise<{ path: string; sideEffects: boolean } | undefined> => {
      const isOfClient = path === clientPackage || importer.includes(`${clientPackage}/dist/`);
      if (!isOfClient || pluginData === resolvedOnce) return undefined;
      const options = { kind, importer, resolveDir, pluginData: resolvedOnce };
      const found = await esbuild.resolve(path, options);
      return found.path.includes(clientPackage) && found.errors.length === 0
        ? { path: found.path, sideEffects: false }
        : undefined;
    };
    esbuild.onResolve({ filter: /^@kubernetes\/client-node$|^\.\.?\// }, pure);
  },
};

if (import.meta.main) {
  const outfile = fileURLToPath(new URL("../dist/operator.js", import.meta.url));
  await buildOperator(outfile);
  console.log(`${outfile}: ${(readFileSync(outfile).length / 1e6).toFixed(1)} MB`);
}

import { mkdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

/** What few apps need is loaded from its package when it is used. */
const external = [
  "@aws-sdk/*",
  "@azure/*",
  "@bytecodealliance/*",
  "@kubernetes/client-node",
  "@libsql/client",
  "esbuild",
  "ioredis",
  "mqtt",
  "mysql2",
  "pg",
  "pino",
  "prom-client",
  "protobufjs",
];

/**
 * Bundles the command line into a folder: what every start needs is in the bundle, what one command
 * needs in files of its own that are loaded when it runs.
 * @param entries programs by the names that they get.
 */
export async function buildCli(
  outdir: string,
  entries: Readonly<Record<string, string>>,
): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: Object.entries(entries).map(([out, source]) => ({ in: source, out })),
    outdir,
    bundle: true,
    splitting: true,
    external,
    platform: "node",
    format: "esm",
    target: "node26",
    sourcemap: "linked",
    legalComments: "external",
    // Bundled CommonJS packages ask for Node's own modules with require.
    banner: {
      js: 'import { createRequire as createRequireForBundle } from "node:module";\nconst require = createRequireForBundle(import.meta.url);',
    },
    logLevel: "error",
    write: false,
  });
  mkdirSync(outdir, { recursive: true });
  for (const { path, text } of outputFiles) {
    writeFileSync(path, path.endsWith(".js") ? withUnreadBuiltins(text) : text);
  }
}

/**
 * Node's own modules without `import`, which reads each of their exports: some of `node:http`,
 * `node:util` and `node:process` load half of Node. No line moves: source maps stay true.
 */
export function withUnreadBuiltins(code: string): string {
  return code.replaceAll(
    /^import (?:\* as )?(\w+|\{[^}]*\}) from "(node:[^"]+)";$/gm,
    (statement, names: string, module: string) =>
      /\bdefault\b/.test(names)
        ? statement
        : `const ${names.replaceAll(" as ", ": ")} = globalThis.process.getBuiltinModule("${module}");`,
  );
}

/**
 * Bundles the page of the console: a file of script, one of style, an icon and the HTML that names
 * them. What has a hash in its name never changes under that name.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Metafile, build } from "esbuild";
import type { ConsoleFile, ConsoleFiles } from "../runtime/telemetry/admin/console-files.ts";
import { contentTypeOf } from "./content-type.ts";

const room = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("..", import.meta.url));

/** Places of page.html and what stands there in the end. */
const places = {
  "%page%": /^page-\w+\.js$/,
  "%theme%": /^theme-\w+\.js$/,
  "%style%": /^style-\w+\.css$/,
  "%icon%": /^icon-\w+\.svg$/,
} as const;

/** Files by their path on the server, all of them compressed; `/index.html` is the page itself. */
export async function buildConsole(): Promise<ConsoleFiles> {
  const { files } = await bundle();
  return files;
}

interface Bundle {
  readonly files: ConsoleFiles;
  /** What it is made of. */
  readonly metafile: Metafile;
}

async function bundle(): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    // What it is made of is told relative to this, as for the other programs.
    absWorkingDir: root,
    entryPoints: [
      { in: "console/main.tsx", out: "page" },
      { in: "console/theme-at-start.ts", out: "theme" },
      { in: "console/style/console.css", out: "style" },
      { in: "console/icon.svg", out: "icon" },
    ],
    outdir: "out",
    entryNames: "[name]-[hash]",
    loader: { ".svg": "copy" },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: "esm",
    target: ["chrome125", "firefox128", "safari17.5"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "error",
  });
  const bodies = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  bodies.set("index.html", pageNaming([...bodies.keys()]));
  const files = Array.from(
    bodies,
    ([name, body]) => [`/${name}`, consoleFile(name, body)] as const,
  );
  return { files: new Map(files), metafile };
}

/**
 * Writes them as {@link consoleFiles} finds them beside a bundled program.
 * @returns what they are made of.
 */
export async function writeConsole(folder: string): Promise<Metafile> {
  const { files, metafile } = await bundle();
  // Names change with what is in the files: those of an earlier build would stay.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [path, { bytes }] of files) writeFileSync(join(folder, `${path.slice(1)}.gz`), bytes);
  return metafile;
}

function pageNaming(names: readonly string[]): Uint8Array {
  let html = readFileSync(join(room, "page.html"), "utf8");
  for (const [place, form] of Object.entries(places)) {
    const name = names.find((each) => form.test(each));
    if (name === undefined) throw new Error(`the bundle has no file for ${place} of page.html`);
    html = html.replace(place, `/${name}`);
  }
  return new TextEncoder().encode(html);
}

function consoleFile(name: string, body: Uint8Array): ConsoleFile {
  return { bytes: gzipSync(body, { level: 9 }), type: contentTypeOf(name), encoding: "gzip" };
}

if (import.meta.main) {
  const folder = fileURLToPath(new URL("../dist/console", import.meta.url));
  await writeConsole(folder);
}

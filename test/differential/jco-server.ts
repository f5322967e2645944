/**
 * A process that serves a component on 127.0.0.1 through jco's generated JavaScript, with a new
 * instance for every request: `jco-server.ts FOLDER COMPONENT [NAME=VALUE ...] [GUEST-PATH:HOST-PATH ...]`.
 * Prints its address when it listens.
 */
import { transpile } from "@bytecodealliance/jco";
import * as filesystemShim from "@bytecodealliance/preview2-shim/filesystem";
import * as httpShim from "@bytecodealliance/preview2-shim/http";
import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";
import { _setEnv } from "@bytecodealliance/preview2-shim/cli";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

type Handle = (request: unknown, outparam: unknown) => void;

/** What jco generates with synchronous instantiation. */
interface GeneratedModule {
  instantiate(
    getCoreModule: (path: string) => WebAssembly.Module,
    imports: unknown,
  ): { readonly incomingHandler: { readonly handle: Handle } };
}

/** The package declares what it exports for browsers; these are its exports for Node. */
interface HttpShim {
  readonly HTTPServer: new (handler: { handle: Handle }) => {
    listen(port: number, host: string): void;
    address(): { readonly port: number };
  };
}

interface FilesystemShim {
  readonly _setPreopens: (hostPathByGuestPath: Record<string, string>) => void;
}

async function generate(componentPath: string, folder: string): Promise<GeneratedModule> {
  const options = { name: "component", instantiation: "sync", noTypescript: true } as const;
  const { files } = await transpile(readFileSync(componentPath), options);
  for (const [name, content] of Object.entries(files)) {
    if (!name.endsWith(".d.ts")) writeFileSync(join(folder, name), content);
  }
  const main = pathToFileURL(join(folder, "component.js")).href;
  return (await import(main)) as GeneratedModule;
}

const [folder = "", componentPath = "", ...settings] = process.argv.slice(2);
const pairs = (separator: string): [string, string][] =>
  settings
    .filter((setting) => setting.includes(separator))
    .map((setting) => setting.split(separator) as [string, string]);

const generated = await generate(componentPath, folder);
const modules = new Map<string, WebAssembly.Module>();

function coreModule(path: string): WebAssembly.Module {
  const known = modules.get(path);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(readFileSync(join(folder, path)));
  modules.set(path, module);
  return module;
}

_setEnv(Object.fromEntries(pairs("=")));
(filesystemShim as unknown as FilesystemShim)._setPreopens(Object.fromEntries(pairs(":")));
const imports = new WASIShim().getImportObject();
const server = new (httpShim as unknown as HttpShim).HTTPServer({
  handle(request, outparam) {
    generated.instantiate(coreModule, imports).incomingHandler.handle(request, outparam);
  },
});
server.listen(0, "127.0.0.1");
console.log(`http://127.0.0.1:${server.address().port}`);

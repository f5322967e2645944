import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { variantOf } from "./variants.ts";

/** A language whose hello is measured. */
export interface AppKind {
  readonly name: "rust" | "javascript" | "python";
  /** The component in wasm-apps/. */
  readonly file: string;
}

const wasmApps = fileURLToPath(new URL("../../wasm-apps/", import.meta.url));

const kinds: readonly AppKind[] = [
  { name: "rust", file: join(wasmApps, "hello-rust/hello.wasm") },
  { name: "javascript", file: join(wasmApps, "hello-typescript/dist/hello.wasm") },
  { name: "python", file: join(wasmApps, "hello-python/dist/app.wasm") },
];

/** Those whose component is built, and says which are not. */
export function builtKinds(): readonly AppKind[] {
  for (const { name, file } of kinds) {
    if (!existsSync(file)) console.log(`Without ${name}: ${file} is missing; run npm test first`);
  }
  return kinds.filter(({ file }) => existsSync(file));
}

/** Writes `count` apps of distinct digests into a folder; returns their names. */
export function writeVariants(kind: AppKind, folder: string, count: number): string[] {
  mkdirSync(folder, { recursive: true });
  const bytes = readFileSync(kind.file);
  return Array.from({ length: count }, (_, index) => {
    const name = `${kind.name}-${index}`;
    writeFileSync(join(folder, `${name}.wasm`), variantOf(bytes, index));
    return name;
  });
}

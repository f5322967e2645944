import { stat } from "node:fs/promises";
import type { App, AppComponent } from "../app/app.ts";

/** What an app takes beside its components: their plans, bindings and compiled conversions. */
const appBytes = 300_000;

/**
 * What an app takes while it is loaded, by estimate: the code and the snapshot of its components
 * are about as large as their files, whatever they are made of.
 */
export async function residentBytes(app: App): Promise<number> {
  const paths = new Set([...app.components.values()].flatMap(sourcesOf));
  const sizes = await Promise.all(
    [...paths].map(async (path) => (await stat(path).catch(() => undefined))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, appBytes);
}

function sourcesOf({ sourcePath, dependencies = [], middleware = [] }: AppComponent): string[] {
  return [sourcePath, ...[...dependencies, ...middleware].map((part) => part.sourcePath)];
}

import { hash } from "node:crypto";
import type { Composition, CompositionDependency, CompositionPart } from "../component/compose.ts";
import { errorText, WhorlError } from "../error.ts";

type ChangeBytes = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;

/** SHA-256 in hexadecimal of everything that a composition's plan depends on. */
export function compositionDigest({ component, middleware }: Composition): string {
  return hash(
    "sha256",
    JSON.stringify(["composition", partKey(component), middleware.map(partKey)]),
  );
}

/** Also the names: they say which imports are satisfied, and stand in messages. */
function partKey(part: CompositionPart): unknown {
  const dependencies = part.dependencies.map((each) => [each.export ?? null, partKey(each)]);
  return [part.name, hash("sha256", part.bytes), part.inherit, dependencies];
}

/**
 * The composition with other bytes for each part. Rejects with what `change` throws, with the
 * part's name.
 */
export async function withParts(
  { component, middleware }: Composition,
  change: ChangeBytes,
): Promise<Composition> {
  const layers: CompositionPart[] = [];
  for (const each of middleware) layers.push(await withPart(each, change));
  return { component: await withPart(component, change), middleware: layers };
}

async function withPart(part: CompositionPart, change: ChangeBytes): Promise<CompositionPart> {
  const dependencies: CompositionDependency[] = [];
  for (const each of part.dependencies) {
    dependencies.push({ ...(await withPart(each, change)), export: each.export });
  }
  try {
    return { ...part, bytes: await change(part.bytes), dependencies };
  } catch (error) {
    if (!(error instanceof WhorlError)) throw error;
    throw new WhorlError(error.code, `'${part.name}': ${errorText(error)}`, { cause: error });
  }
}

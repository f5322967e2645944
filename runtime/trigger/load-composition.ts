import type { Composition, CompositionPart } from "../component/compose.ts";
import type { AppComponent, ComposedPart } from "../app/app.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * What a component is made of: its own bytes, or a composition with its dependencies and
 * middleware. Each file is read once. Rejects with what `read` rejects with.
 */
export async function loadComposition(
  component: AppComponent,
  read: (path: string) => Promise<Bytes>,
): Promise<Bytes | Composition> {
  const { dependencies = [], middleware = [] } = component;
  if (dependencies.length === 0 && middleware.length === 0) return read(component.sourcePath);
  const files = new Map<string, Promise<Bytes>>();
  const readOnce = (path: string): Promise<Bytes> => {
    const bytes = files.get(path) ?? read(path);
    files.set(path, bytes);
    return bytes;
  };
  const part = async (name: string, { sourcePath, inherit }: Placed): Promise<CompositionPart> => ({
    name,
    bytes: await readOnce(sourcePath),
    inherit,
    dependencies: [],
  });
  const own = await part(component.declaredId ?? component.id, { ...component, inherit: "all" });
  const parts = dependencies.map(async (each) => ({
    ...(await part(each.name, each)),
    export: each.export,
  }));
  const layers = middleware.map((each) => part(each.sourceOrigin, each));
  return {
    component: { ...own, dependencies: await Promise.all(parts) },
    middleware: await Promise.all(layers),
  };
}

type Placed = Pick<ComposedPart, "sourcePath" | "inherit">;

import { readFile } from "node:fs/promises";
import { errorText, WhorlError } from "../error.ts";
import { legacyWorld, renameLegacyModule } from "./legacy-module.ts";
import { moduleKind } from "./module-kind.ts";

/** The import module that preview 1 adapters stand in for. */
const preview1 = "wasi_snapshot_preview1";

/** Makes a component of a core module; adapters by the import module that each provides. */
export type ComponentEncoder = (
  module: Uint8Array,
  adapters: readonly (readonly [string, Uint8Array])[],
) => Promise<Uint8Array>;

export interface EncodingTools {
  readonly encode: ComponentEncoder;
  /** Puts the description of a world (WIT text, name) into a core module. */
  embed(module: Uint8Array, wit: string, world: string): Promise<Uint8Array>;
  adapter(kind: "reactor" | "command"): Promise<Uint8Array>;
}

/**
 * Makes a component of a core module as Spin does (crate spin-componentize): modules made with
 * wit-bindgen 0.5 or newer and programs of WASI preview 1 with the adapter of their kind, modules
 * of Spin 1 after giving their functions the present names. Throws `unsupported` for modules that
 * cannot be adapted, `invalid` when the encoder refuses it.
 */
export async function encodeCoreModule(
  bytes: Uint8Array<ArrayBuffer>,
  tools: EncodingTools,
): Promise<Uint8Array<ArrayBuffer>> {
  const { kind } = moduleKind(bytes);
  try {
    const module = kind === "legacy" ? await legacyModule(bytes, tools) : bytes;
    const adapter = await tools.adapter(kind === "command" ? "command" : "reactor");
    return new Uint8Array(await tools.encode(module, [[preview1, adapter]]));
  } catch (error) {
    if (error instanceof WhorlError) throw error;
    throw new WhorlError(
      "invalid",
      `the core module cannot be made a component: ${encoderText(error)}`,
      { cause: error },
    );
  }
}

function legacyModule(bytes: Uint8Array<ArrayBuffer>, tools: EncodingTools): Promise<Uint8Array> {
  const { bytes: renamed, wit } = renameLegacyModule(bytes);
  return tools.embed(renamed, wit, legacyWorld);
}

/** The encoder and adapters of jco, loaded only where a core module is met. */
export async function jcoTools(): Promise<EncodingTools> {
  const jco = await import("@bytecodealliance/jco");
  return {
    encode: (module, adapters) =>
      jco.componentNew(
        module,
        adapters.map(([name, adapter]) => [name, adapter]),
      ),
    embed: (binary, witSource, world) => jco.componentEmbed({ binary, witSource, world }),
    adapter: (kind) =>
      readFile(
        kind === "reactor" ? jco.preview1AdapterReactorPath() : jco.preview1AdapterCommandPath(),
      ),
  };
}

/** What the encoder throws may carry its text as a payload; only the first line is for people. */
function encoderText(error: unknown): string {
  const payload = (error as { readonly payload?: unknown } | undefined)?.payload;
  const text = typeof payload === "string" ? payload : errorText(error);
  return text.trim();
}

import { WhorlError } from "../../error.ts";
import { lineOutputStream } from "../../wasi/io/line-output-stream.ts";
import { nullOutputStream } from "../../wasi/io/memory-streams.ts";
import { warmContext } from "../../wasi/warm-context.ts";
import type { WarmAsked } from "../../wasi/warm-context.ts";
import type { GuestContext } from "../guest-context.ts";

/** As WarmContext of wasi/warm-context.ts, over all interfaces. */
export interface WarmGuestContext {
  readonly context: GuestContext;
  asked(): readonly WarmAsked[];
  /** What the guest last wrote to stderr. */
  lastLine(): string | undefined;
}

/** What of the host beside WASI says nothing about the outside world. */
const harmless: ReadonlySet<string> = new Set(["otel", "telemetry", "outbound"]);

/**
 * A context for a warm-up: as `context`, without the outside world. Stores, variables and
 * connections are there for nobody: asking for them is a trap.
 */
export function warmGuestContext(context: GuestContext): WarmGuestContext {
  let line: string | undefined;
  const stderr = lineOutputStream("", (text) => void (line = text === "" ? line : text));
  const cli = { ...context.cli, stdout: () => nullOutputStream, stderr: () => stderr };
  const { context: wasi, asked } = warmContext({ ...context, cli });
  const parts: Record<string, unknown> = {
    cli: wasi.cli,
    clocks: wasi.clocks,
    random: wasi.random,
    filesystem: wasi.filesystem,
    sockets: wasi.sockets,
    http: wasi.http,
  };
  for (const [name, part] of Object.entries(context)) {
    if (Object.hasOwn(parts, name)) continue;
    if (harmless.has(name)) parts[name] = part;
    else Object.defineProperty(parts, name, { get: () => refuse(name) });
  }
  return { context: parts as unknown as GuestContext, asked, lastLine: () => line };
}

function refuse(name: string): never {
  throw new WhorlError("limit", `${name} is not there while a component is warmed up`);
}

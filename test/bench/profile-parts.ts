import type { ProfiledFunction } from "./profiler.ts";

/** What a server's processor time goes to. */
export const profileParts = [
  "sockets: read and write",
  "kernel, libuv, V8 itself",
  "garbage collection",
  "Node's JavaScript",
  "built-in functions",
  "guest",
  "telemetry",
  "the rest of Whorl",
] as const;

export type ProfilePart = (typeof profileParts)[number];

/** Share of each part in the time that it was not idle; together 1. */
export function profileShares(profile: readonly ProfiledFunction[]): Map<ProfilePart, number> {
  const samples = new Map<ProfilePart, number>();
  let busy = 0;
  for (const each of profile) {
    const part = partOf(each);
    if (part === undefined) continue;
    busy += each.samples;
    samples.set(part, (samples.get(part) ?? 0) + each.samples);
  }
  return new Map(profileParts.map((part) => [part, (samples.get(part) ?? 0) / (busy || 1)]));
}

/** Undefined where nothing was done. */
function partOf({ name, url }: ProfiledFunction): ProfilePart | undefined {
  if (name === "(idle)" || name === "(root)") return undefined;
  if (name === "(garbage collector)") return "garbage collection";
  if (name === "(program)") return "kernel, libuv, V8 itself";
  if (url.startsWith("node:")) return "Node's JavaScript";
  if (url.startsWith("wasm:") || name === "wasm-to-js") return "guest";
  if (url.includes("/runtime/telemetry/")) return "telemetry";
  if (url !== "") return "the rest of Whorl";
  if (/^(?:read|write\w*)$/.test(name)) return "sockets: read and write";
  // Compiled for the signatures of a component.
  return name.endsWith(".<computed>") ? "the rest of Whorl" : "built-in functions";
}

import { parseArgs } from "node:util";
import { ShimError } from "../error.ts";
import { type DistributionName, distributionNames } from "./distribution.ts";

/** What the agent is told on its command line. Paths are the node's own unless said otherwise. */
export interface AgentOptions {
  readonly command: "run" | "uninstall" | "uninstall-all";
  /** Where the node's root is mounted. */
  readonly hostRoot: string;
  /** Tree to install, in the agent's own file system. */
  readonly source: string;
  readonly installFolder: string;
  readonly runFolder: string;
  readonly cacheFolder: string;
  readonly distribution: DistributionName | "auto";
  readonly containerdConfig: string | undefined;
  readonly containerdSocket: string | undefined;
  readonly restartCommand: string | undefined;
  readonly handlers: readonly string[];
  readonly shimSandboxHandlers: readonly string[];
  readonly startupTaints: readonly string[];
  /** 0: no bound. */
  readonly maxAtOnce: number;
  readonly preparesImages: boolean;
  readonly cgroupParent: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly isForced: boolean;
  readonly waitMs: number;
}

const texts = {
  "host-root": "/host",
  source: "/opt/whorl-node",
  "install-folder": "/opt/whorl",
  "run-folder": "/run/whorl",
  "cache-folder": "/var/lib/whorl",
  distribution: "auto",
  "containerd-config": "",
  "containerd-socket": "",
  "restart-command": "",
  handlers: "whorl,spin",
  "shim-sandbox-handlers": "",
  "startup-taints": "whorl.dev/agent-not-ready,readiness.k8s.io/whorl-agent-not-ready",
  "max-at-once": "1",
  "prepare-images": "true",
  "canary-cgroup-parent": "",
  listen: "0.0.0.0:8089",
  "log-level": "info",
  wait: "300",
} as const;

type TextName = keyof typeof texts;

const commands = ["run", "uninstall", "uninstall-all"] as const;
const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/**
 * Reads the command line.
 * @throws ShimError `invalid_argument`, naming the argument
 */
export function parseAgentOptions(args: readonly string[]): AgentOptions {
  const { values, positionals } = parse(args);
  const [command = "run", ...rest] = positionals;
  if (!isOneOf(command, commands) || rest.length > 0) {
    throw invalid(`unknown command "${positionals.join(" ")}"; there are ${commands.join(", ")}`);
  }
  const text = (name: TextName): string => values[name] as string;
  const distribution = text("distribution");
  if (distribution !== "auto" && !isOneOf(distribution, distributionNames)) {
    throw invalid(`--distribution=${distribution}: expected auto, ${distributionNames.join(", ")}`);
  }
  const handlers = names("handlers", text("handlers"));
  const shimSandboxHandlers = names("shim-sandbox-handlers", text("shim-sandbox-handlers"));
  if (handlers.length + shimSandboxHandlers.length === 0) {
    throw invalid("--handlers: at least one runtime handler is needed");
  }
  const twice = handlers.find((name) => shimSandboxHandlers.includes(name));
  if (twice !== undefined) {
    throw invalid(`${twice} is in --handlers and in --shim-sandbox-handlers`);
  }
  return {
    command,
    hostRoot: folder("host-root", text("host-root")),
    source: folder("source", text("source")),
    installFolder: folder("install-folder", text("install-folder")),
    runFolder: folder("run-folder", text("run-folder")),
    cacheFolder: folder("cache-folder", text("cache-folder")),
    distribution,
    containerdConfig: optionalPath("containerd-config", text("containerd-config")),
    containerdSocket: optionalPath("containerd-socket", text("containerd-socket")),
    restartCommand: text("restart-command") || undefined,
    handlers,
    shimSandboxHandlers,
    startupTaints: list(text("startup-taints")),
    maxAtOnce: count("max-at-once", text("max-at-once")),
    preparesImages: isTrue("prepare-images", text("prepare-images")),
    cgroupParent: text("canary-cgroup-parent"),
    ...address(text("listen")),
    logLevel: level(text("log-level")),
    isForced: values["force"] === true,
    waitMs: count("wait", text("wait")) * 1000,
  };
}

function parse(args: readonly string[]): {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
} {
  const entries = Object.entries(texts).map(
    ([name, value]) => [name, { type: "string" as const, default: value }] as const,
  );
  const options = { ...Object.fromEntries(entries), force: { type: "boolean" as const } };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new ShimError("invalid_argument", (error as Error).message, { cause: error });
  }
}

function list(text: string): readonly string[] {
  return [...new Set(text.split(",").map((each) => each.trim()))].filter((each) => each !== "");
}

/** Names that are safe in every file they are written to. */
function names(option: string, text: string): readonly string[] {
  const found = list(text);
  const wrong = found.find((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name));
  if (wrong === undefined) return found;
  throw invalid(`--${option}: "${wrong}" is no name of a runtime handler (a-z, 0-9, -)`);
}

/** Absolute, without a slash at its end, and without characters that a configuration would quote. */
function folder(option: string, text: string): string {
  if (!/^\/[\w./@+-]*$/.test(text) || text.split("/").includes("..")) {
    throw invalid(`--${option}=${text}: expected an absolute path of letters, digits and ._@+-`);
  }
  return text.length > 1 ? text.replace(/\/+$/, "") : text;
}

function optionalPath(option: string, text: string): string | undefined {
  return text === "" ? undefined : folder(option, text);
}

function count(option: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw invalid(`--${option}=${text}: expected a number`);
}

function isTrue(option: string, text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw invalid(`--${option}=${text}: expected true or false`);
}

function level(text: string): string {
  if (levels.includes(text)) return text;
  throw invalid(`--log-level=${text}: expected ${levels.join(", ")}`);
}

function address(text: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) {
    throw invalid(`--listen=${text}: expected an address and a port, as in 0.0.0.0:8089`);
  }
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

function isOneOf<T extends string>(value: string, allowed: readonly T[]): value is T {
  return allowed.some((each) => each === value);
}

function invalid(message: string): ShimError {
  return new ShimError("invalid_argument", message);
}

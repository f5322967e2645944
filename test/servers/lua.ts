import { spawnSync } from "node:child_process";
import { program, programObstacle } from "./debian-package.ts";

/** Why Lua cannot be had here, undefined where it can. */
export function luaObstacle(): string | undefined {
  return programObstacle("lua5.4", "lua5.4");
}

/** What a Lua script prints. Throws with what it complains about. */
export function runLua(script: string): string {
  const { status, stdout, stderr } = spawnSync(program("lua5.4"), ["-"], {
    input: script,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`lua: ${stderr}`);
  return stdout;
}

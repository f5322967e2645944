import { spawnSync } from "node:child_process";
import { program, programObstacle } from "../servers/debian-package.ts";

/** Why skopeo cannot be used here, undefined where it can. */
export function skopeoObstacle(): string | undefined {
  return programObstacle("skopeo", "skopeo");
}

/** Runs skopeo and gives what it printed. Throws with its message if it fails. */
export function skopeo(...args: string[]): string {
  const policy = args[0] === "copy" ? ["--insecure-policy"] : [];
  const { status, stdout, stderr } = spawnSync(program("skopeo"), [...policy, ...args], {
    encoding: "utf8",
  });
  if (status === 0) return stdout;
  throw new Error(`skopeo ${args.join(" ")} failed:\n${stderr}`);
}

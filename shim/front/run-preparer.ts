import { spawn } from "node:child_process";
import { once } from "node:events";
import { scratchFolder } from "../host/scratch-folder.ts";
import { ShimError } from "../error.ts";
import { shimLimits } from "../limits.ts";
import type { AppInLayers } from "../preparer/app-in-layers.ts";
import { programFile } from "../programs.ts";

export interface PreparerOptions {
  /** The only folder that it may write to. */
  readonly folder: string;
  /** User and group that it becomes. */
  readonly id: number;
  readonly path: string;
  /** For an app in an image's file system; the folder has the image's blobs otherwise. */
  readonly app?: AppInLayers;
}

/**
 * Unpacks and prepares an image in a process of its own, without privileges and network: archives
 * and components are read by nothing that could harm the node.
 * @throws ShimError `invalid_argument` with what is wrong with the image
 */
export async function runPreparer({ folder, id, path, app }: PreparerOptions): Promise<void> {
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", programFile("preparer")];
  const own = ["--net", "--ipc", "--mount", "--propagation", "slave"];
  const args = [...own, "--", ...node, folder, String(id)];
  if (app !== undefined) args.push(JSON.stringify(app));
  const child = spawn("unshare", args, {
    cwd: "/",
    env: { PATH: path, TMPDIR: scratchFolder },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: shimLimits.prepareMsMax,
    killSignal: "SIGKILL",
  });
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-shimLimits.terminationMessageBytesMax);
  });
  const [status] = (await once(child, "close")) as [number | null];
  if (status === 0) return;
  const reason = text.trim() || `preparing took longer than ${shimLimits.prepareMsMax} ms`;
  throw new ShimError("invalid_argument", reason);
}

/**
 * Prepares one image: unpacks its app and compiles what can be kept. Arguments: the image's folder
 * and the user to become; for an app in a file system also its place there, as JSON. What is wrong
 * with the image is said on standard error.
 */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
// Loaded before the root is changed, as it is needed in any case.
import "../runtime/app/load-manifest-app.ts";
import type { SpecMount } from "./front/container-spec.ts";
import { errorText } from "./error.ts";
import { type AppInLayers, mountLayers } from "./preparer/app-in-layers.ts";
import { mountRoot } from "./host/container-root.ts";
import { linuxKernel } from "./host/kernel.ts";
import { imageFolder } from "./host/scratch-folder.ts";
import { encodeFilter, syscallFilter } from "./host/syscall-filter.ts";
import { shimLimits } from "./limits.ts";
import { prepareImage, publishImage } from "./preparer/prepare-image.ts";
import { codeFolder } from "./programs.ts";

/** Covered in this process's own mount namespace; nothing below it is needed. */
const root = "/sys";

/** Where the file system of an image is seen. */
const appRoot = "/image";

/** For native parts of the tools that make components of core modules. */
const libraries = ["/lib", "/lib64", "/usr/lib"].filter((path) => existsSync(path));

const [folder = "", user = "", layers] = process.argv.slice(2);
try {
  const app = layers === undefined ? undefined : (JSON.parse(layers) as AppInLayers);
  confine(Number(user), app);
  const image = await prepareImage(imageFolder, app && join(appRoot, app.path));
  const patience = delay(shimLimits.snapshotMsMax, undefined, { ref: false });
  await Promise.race([once(process, "beforeExit"), patience]);
  publishImage(imageFolder, image);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${errorText(error)}\n`, () => process.exit(1));
}

/** From here on this process sees its image, code and libraries, and may write to the image. */
function confine(id: number, app: AppInLayers | undefined): void {
  const kernel = linuxKernel();
  const volume = (source: string, destination: string, option: string): SpecMount => {
    return { source, destination, type: "bind", options: [option] };
  };
  const spec = {
    rootfsPath: root,
    rootfs: [{ type: "tmpfs", source: "tmpfs", options: ["mode=0755"] }],
    imagePath: undefined,
    isRootReadOnly: false,
    mounts: [
      volume(folder, imageFolder, "rw"),
      ...libraries.map((path) => volume(path, path, "ro")),
    ],
    terminationPath: "",
    uid: id,
    gid: id,
  };
  mountRoot(spec, codeFolder(), kernel);
  if (app !== undefined) mountLayers(app.layers, join(root, appRoot), kernel);
  kernel.changeRoot(root);
  process.umask(0o022);
  process.setgroups?.([]);
  process.setgid?.(id);
  process.setuid?.(id);
  // After the change of user, which resets it.
  kernel.allowOwnInspection();
  kernel.endWithParent();
  kernel.forbidNewPrivileges();
  kernel.filterCalls(encodeFilter(syscallFilter(process.arch)));
}

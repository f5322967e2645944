import { join } from "node:path";
import { podAttributes } from "../host/pod-attributes.ts";
import type { HostSpec } from "../host/protocol.ts";
import { imageFolder } from "../host/scratch-folder.ts";
import { warmAnnotations } from "../host/warm-annotations.ts";
import { terminationPath } from "./termination-path.ts";
import type { TaskApp, WasmTaskOptions } from "./wasm-task.ts";

function appPath(app: TaskApp): string {
  switch (app.kind) {
    case "rootfs":
      return app.path;
    case "image":
      return join(imageFolder, app.image.entry);
    case "broken":
      return "";
  }
}

/** What a process that runs this container alone has to know. */
export function ownHostSpec(options: WasmTaskOptions): HostSpec {
  const { bundle, spec, rootfs, app, unprivilegedId, stdout, stderr } = options;
  const { uid, gid } = spec.user;
  return {
    rootfsPath: join(bundle, "rootfs"),
    rootfs,
    isRootReadOnly: spec.isRootReadOnly,
    mounts: spec.mounts,
    appPath: appPath(app),
    imagePath: app.kind === "image" ? app.image.folder : undefined,
    refusal: app.kind === "broken" ? app.reason : undefined,
    terminationPath: terminationPath(spec),
    arguments: spec.args.slice(1),
    environment: spec.environment,
    warm: warmAnnotations(spec.annotations),
    pod: podAttributes(spec.annotations),
    uid: uid === 0 ? unprivilegedId : uid,
    gid: gid === 0 ? unprivilegedId : gid,
    groups: spec.additionalGroups.filter((group) => group !== 0),
    network: spec.network,
    outputs: { stdout, stderr },
  };
}

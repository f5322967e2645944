/** Where a host process keeps its temporary files, inside the container's root. */
export const scratchFolder = "/.whorl";

/** Where a cached image is seen in the container's root, read-only. */
export const imageFolder = "/.whorl/image";

/** Where a host process keeps its temporary files, inside the container's root. */
export const scratchFolder = "/.whorl";

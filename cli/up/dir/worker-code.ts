/**
 * The file with the code of worker threads, from sources or from the bundle, which has no others
 * beside it (build.ts).
 */
export const workerCode = new URL(
  import.meta.url.endsWith(".ts") ? "../../../runtime/host/worker-main.ts" : "./worker-main.js",
  import.meta.url,
);

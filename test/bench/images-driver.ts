/** One push or pull as a process of its own: `push APP REFERENCE CACHE`, `pull REFERENCE CACHE`. */
import { openRegistrySession } from "../../cli/registry/registry-session.ts";
import type { TransferEvent } from "../../runtime/image/transfer-progress.ts";

const [action, first = "", second = "", third = ""] = process.argv.slice(2);
let moved = 0;
const onTransfer = (event: TransferEvent): void => {
  if (event.kind === "done" && event.outcome === "moved") moved++;
};
const cacheDir = action === "push" ? third : second;
const start = performance.now();
await using session = await openRegistrySession({ insecure: true, cacheDir }, {});
if (action === "push") {
  const { registryPush } = await import("../../cli/registry/registry-push.ts");
  const what = {
    from: first,
    to: second,
    format: "spin",
    annotations: {},
    archives: false,
  } as const;
  await registryPush({ ...what, onTransfer }, session);
} else {
  const { registryPull } = await import("../../cli/registry/registry-pull.ts");
  await registryPull({ from: first, onTransfer }, session);
}
console.log(JSON.stringify({ moved, ms: performance.now() - start }));

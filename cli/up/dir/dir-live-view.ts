import { errorText } from "../../../runtime/error.ts";
import type { AdminIdentity, AdminSource } from "../../../runtime/telemetry/admin/admin-server.ts";
import type { Machine } from "../../command.ts";
import { socketPlace } from "../../top/socket-place.ts";
import type { ListenAddress } from "../listen-address.ts";

export interface DirLiveViewDependencies {
  readonly machine: Machine;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly source: AdminSource;
  identity(): AdminIdentity;
  onWarning(message: string): void;
}

/**
 * Offers what the apps of a folder do to the user's own terminals (`whorl top`, `whorl tail`), and
 * where an address is given to Prometheus. Rejects with WhorlError `listen` where that cannot be had.
 */
export async function offerDirLiveView(
  metrics: ListenAddress | undefined,
  dependencies: DirLiveViewDependencies,
): Promise<AsyncDisposable> {
  const { machine, environment, source, identity, onWarning } = dependencies;
  const [{ startAdminServer }, { prepareAdminFolder }] = await Promise.all([
    import("../../../runtime/telemetry/admin/admin-server.ts"),
    import("../../../runtime/telemetry/admin/admin-socket.ts"),
  ]);
  await using stack = new AsyncDisposableStack();
  if (metrics !== undefined) {
    const { host, port } = metrics;
    stack.use(await startAdminServer({ kind: "metrics", host, port }, source, identity));
  }
  if (machine.userId !== undefined) {
    try {
      const path = prepareAdminFolder(socketPlace(environment, machine.userId), machine.pid);
      stack.use(await startAdminServer({ kind: "socket", path }, source, identity));
    } catch (error) {
      onWarning(`whorl top and whorl tail cannot look at these apps: ${errorText(error)}`);
    }
  }
  return stack.move();
}

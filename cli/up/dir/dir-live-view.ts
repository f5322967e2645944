import { errorText } from "../../../runtime/error.ts";
import type { AdminIdentity } from "../../../runtime/telemetry/admin/admin-server.ts";
import type { Machine } from "../../command.ts";
import { socketPlace } from "../../top/socket-place.ts";
import type { LiveViewOptions } from "../live-view.ts";
import type { ShownFolder } from "./dir-console.ts";

export interface DirLiveViewDependencies {
  readonly machine: Machine;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of Whorl. */
  readonly version: string;
  readonly shown: ShownFolder;
  onWarning(message: string): void;
}

/** What is offered, until disposed. */
export interface DirLiveView extends AsyncDisposable {
  /** Where the page for browsers is. */
  readonly consoleUrl: string | undefined;
}

/**
 * Offers what the apps of a folder do to the user's own terminals (`whorl top`, `whorl tail`), and
 * where addresses are given to browsers and to Prometheus. Rejects with WhorlError `listen` where that cannot be had.
 */
export async function offerDirLiveView(
  { metrics, console }: LiveViewOptions,
  dependencies: DirLiveViewDependencies,
): Promise<DirLiveView> {
  const { machine, environment, shown, version, onWarning } = dependencies;
  const source = shown.host.telemetry;
  const identity = (): AdminIdentity => ({
    apps: shown.host.apps.map(({ name }) => name),
    ...{ url: undefined, version },
  });
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
  let consoleUrl: string | undefined;
  if (console !== undefined) {
    const { offerDirConsole } = await import("./dir-console.ts");
    const { pid } = machine;
    const offered = stack.use(await offerDirConsole(console, shown, { version, pid, onWarning }));
    consoleUrl = offered.url;
  }
  const owned = stack.move();
  return { consoleUrl, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

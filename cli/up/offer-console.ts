import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { ConsoleFiles } from "../../runtime/telemetry/admin/console-files.ts";
import type { ConsoleView } from "../../runtime/telemetry/admin/console-view.ts";
import type { ListenAddress } from "./listen-address.ts";

/** A console that is served; `url` is for the user alone: whoever has it sees everything. */
export interface OfferedConsole extends AsyncDisposable {
  readonly url: string;
}

const tokenBytes = 32;

/**
 * Serves the page and its API to whoever has the token, which is made anew. Rejects with WhorlError
 * `listen` where the address cannot be had.
 */
export async function offerConsole(
  address: ListenAddress,
  view: ConsoleView,
  onWarning: (message: string) => void,
): Promise<OfferedConsole> {
  const [{ startConsole }, { tokenAccess }] = await Promise.all([
    import("../../runtime/telemetry/admin/console-server.ts"),
    import("../../runtime/telemetry/admin/console-access.ts"),
  ]);
  const token = randomBytes(tokenBytes).toString("base64url");
  const server = await startConsole({
    ...address,
    view,
    files: await pageFiles(),
    authorize: tokenAccess(token),
    hostNames: [address.host],
    onRefused: onWarning,
  });
  warnOfOpenAddress(address, onWarning);
  return {
    url: `${server.url}/#token=${token}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The token is all that protects it then, and it is sent as it is. */
function warnOfOpenAddress({ host }: ListenAddress, onWarning: (message: string) => void): void {
  if (host === "localhost" || host === "::1" || host.startsWith("127.")) return;
  const where = isIP(host) === 0 ? host : `the address ${host}`;
  onWarning(
    `the console at ${where} can be reached from other machines, without encryption: whoever ` +
      "listens in learns its token; 127.0.0.1 and a tunnel are safer",
  );
}

/** The page is part of the installation; a checkout makes it now. */
async function pageFiles(): Promise<ConsoleFiles> {
  const { consoleFiles } = await import("../../console/files.ts");
  return await consoleFiles();
}

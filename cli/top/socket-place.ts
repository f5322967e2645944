import { tmpdir } from "node:os";
import { WhorlError } from "../../runtime/error.ts";
import type { SocketPlace } from "../../runtime/telemetry/admin/admin-socket.ts";

/**
 * Where running apps of a user offer their live view.
 * @throws WhorlError `unsupported` where users have no number, as on Windows.
 */
export function socketPlace(
  environment: Readonly<Record<string, string | undefined>>,
  userId: number | undefined,
): SocketPlace {
  if (userId === undefined) {
    throw new WhorlError("unsupported", "running apps can be looked at on Linux and macOS only");
  }
  const runtime = environment["XDG_RUNTIME_DIR"] ?? "";
  return { parent: runtime === "" ? tmpdir() : runtime, userId };
}

import { tmpdir } from "node:os";
import type { SocketPlace } from "../../runtime/telemetry/admin/admin-socket.ts";

/** Where running apps of a user offer their live view. */
export function socketPlace(
  environment: Readonly<Record<string, string | undefined>>,
  userId: number,
): SocketPlace {
  const runtime = environment["XDG_RUNTIME_DIR"] ?? "";
  return { parent: runtime === "" ? tmpdir() : runtime, userId };
}

import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Where this program keeps what it can make or fetch again: `whorl` in the user's cache, or among
 * temporary files for somebody without a home.
 */
export function cacheFolder({
  XDG_CACHE_HOME: cache,
  HOME: home,
}: Readonly<Record<string, string | undefined>>): string {
  if (cache !== undefined && cache !== "") return join(cache, "whorl");
  if (home !== undefined && home !== "") return join(home, ".cache", "whorl");
  return join(tmpdir(), "whorl");
}

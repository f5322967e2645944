import type { Kernel } from "./kernel.ts";
import { encodeFilter, syscallFilter } from "./syscall-filter.ts";

/** Who a host process becomes; never root. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Becomes another user without any capability, for good, and ends with the front from now on. */
export function giveUpPrivileges({ uid, gid, groups }: Identity, kernel: Kernel): void {
  process.setgroups?.([...groups]);
  process.setgid?.(gid);
  process.setuid?.(uid);
  // After the change of user, which resets it.
  kernel.allowOwnInspection();
  kernel.endWithParent();
  kernel.forbidNewPrivileges();
  kernel.filterCalls(encodeFilter(syscallFilter(process.arch)));
}

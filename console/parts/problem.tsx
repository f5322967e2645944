import type { VNode } from "preact";
import type { ConsoleError } from "../api/console-client.ts";
import { Outside } from "./text-parts.tsx";

/** Why something cannot be shown. */
export function Problem({
  problem,
  what,
  isStale,
}: {
  readonly problem: ConsoleError;
  readonly what: string;
  /** Something older is shown meanwhile. */
  readonly isStale: boolean;
}): VNode {
  return (
    <p class="lead" role="status">
      <span class="is-failed">{headOf(problem, what)}</span>{" "}
      {isStale ? "What is below is from before." : <Outside text={problem.message} />}
    </p>
  );
}

function headOf({ code }: ConsoleError, what: string): string {
  if (code === "not_found") return `There is no such thing as ${what} here, or no longer.`;
  if (code === "unreachable") return `Whorl does not answer any more.`;
  return `Whorl cannot show ${what}.`;
}

import { errorText, WhorlError } from "../../error.ts";
import { findExport } from "../component-exports.ts";
import type { ExportCandidate, ExportWish } from "../component-exports.ts";
import { guestFailure } from "../loaded-component.ts";
import type { LoadedComponent } from "../loaded-component.ts";

/** A guest's `result<T, E>` as it arrives. */
type GuestResult = { readonly tag: "ok" | "err"; readonly val?: unknown };

/** Calls one component for each event. */
export interface EventHandler {
  readonly component: string;
  /** What the guest returned as `ok`. Rejects with `trap` when it trapped or returned `err`. */
  handle(values: readonly unknown[]): Promise<unknown>;
}

/** Throws `no_handler` when the component does not export what the trigger calls. */
export function eventHandler(
  component: LoadedComponent,
  wish: ExportWish<ExportCandidate>,
): EventHandler {
  const found = findExport(component.linked.plan, wish);
  return {
    component: component.id,
    async handle(values) {
      const result = await callGuest(component, found, values);
      if (result.tag === "ok") return result.val;
      throw new WhorlError("trap", `${found.text} returned the error ${errorValue(result.val)}`);
    },
  };
}

async function callGuest(
  component: LoadedComponent,
  found: ReturnType<typeof findExport>,
  values: readonly unknown[],
): Promise<GuestResult> {
  try {
    return (await component.call(found.function, values)) as GuestResult;
  } catch (error) {
    throw guestFailure(found.text, error);
  }
}

/** `other: text` of a variant, the name of an enum's case. */
function errorValue(value: unknown): string {
  if (typeof value !== "object" || value === null || !("tag" in value)) return errorText(value);
  const { tag, val } = value as { readonly tag: string; readonly val?: unknown };
  return val === undefined ? tag : `${tag}: ${errorText(val)}`;
}

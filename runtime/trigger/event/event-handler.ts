import { errorText, WhorlError } from "../../error.ts";
import { findExport } from "../component-exports.ts";
import type { ExportCandidate, ExportWish } from "../component-exports.ts";
import type { HandlerTelemetry, InboundEvent } from "../../telemetry/telemetry.ts";
import { guestFailure } from "../loaded-component.ts";
import type { LoadedComponent } from "../loaded-component.ts";

/** A guest's `result<T, E>` as it arrives. */
type GuestResult = { readonly tag: "ok" | "err"; readonly val?: unknown };

/** Calls one component for each event. */
export interface EventHandler {
  readonly component: string;
  /** What the guest returned as `ok`. Rejects with `trap` when it trapped or returned `err`. */
  handle(values: readonly unknown[], event?: InboundEvent): Promise<unknown>;
  readonly telemetry: HandlerTelemetry;
}

/** Throws `no_handler` when the component does not export what the trigger calls. */
export function eventHandler(
  component: LoadedComponent,
  wish: ExportWish<ExportCandidate>,
  telemetry: HandlerTelemetry,
): EventHandler {
  const found = findExport(component.linked.plan, wish);
  return {
    component: component.id,
    telemetry,
    async handle(values, event = {}) {
      const invocation = telemetry.beginEvent(event);
      try {
        const call = component.call(found.function, values, { invocation });
        const result = await guestResult(call, found.text);
        if (result.tag === "ok") return result.val;
        throw new WhorlError("trap", `${found.text} returned the error ${errorValue(result.val)}`);
      } catch (error) {
        invocation.failed(error);
        throw error;
      } finally {
        invocation.end();
      }
    },
  };
}

async function guestResult(call: Promise<unknown>, what: string): Promise<GuestResult> {
  try {
    return (await call) as GuestResult;
  } catch (error) {
    throw guestFailure(what, error);
  }
}

/** `other: text` of a variant, the name of an enum's case. */
function errorValue(value: unknown): string {
  if (typeof value !== "object" || value === null || !("tag" in value)) return errorText(value);
  const { tag, val } = value as { readonly tag: string; readonly val?: unknown };
  return val === undefined ? tag : `${tag}: ${errorText(val)}`;
}

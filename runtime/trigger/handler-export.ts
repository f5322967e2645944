import type { Plan } from "../component/plan.ts";
import { findExport } from "./component-exports.ts";
import type { ExportCandidate, FoundExport } from "./component-exports.ts";

/** Ways in which components answer HTTP requests. */
export type HandlerKind = "wasi-http-0.2" | "wasi-http-0.3" | "inbound-http";

interface HandlerCandidate extends ExportCandidate {
  readonly kind: HandlerKind;
}

const candidates: readonly HandlerCandidate[] = [
  {
    kind: "wasi-http-0.2",
    interface: "wasi:http/incoming-handler",
    tracks: ["0.2", "0.2.0-rc-2023-10-18", "0.2.0-rc-2023-11-10"],
    function: "handle",
  },
  {
    kind: "wasi-http-0.3",
    interface: "wasi:http/handler",
    tracks: ["0.3", "0.3.0-rc-2026-03-15"],
    function: "handle",
  },
  {
    kind: "inbound-http",
    interface: "fermyon:spin/inbound-http",
    tracks: [""],
    function: "handle-request",
  },
];

/** The one export through which a component answers HTTP requests. Throws `no_handler`. */
export function httpHandlerExport(plan: Plan): FoundExport<HandlerCandidate> {
  return findExport(plan, {
    candidates,
    what: "an HTTP handler (wasi:http/incoming-handler@0.2)",
  });
}

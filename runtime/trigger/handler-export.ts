import type { LiftedFunction, PlanExport } from "../component/plan.ts";
import { WhorlError } from "../error.ts";
import { parseInterfaceName, versionTrack } from "../instance/interface-name.ts";
import type { PreparedComponent } from "../prepare/prepare.ts";

/** The one export through which a component answers HTTP requests. */
export interface HandlerExport {
  /** As exported: `wasi:http/incoming-handler@0.2.3`. */
  readonly interfaceName: string;
  readonly function: LiftedFunction;
}

interface Candidate {
  readonly interface: string;
  readonly tracks: ReadonlySet<string>;
  readonly function: string;
  readonly supported: boolean;
}

const candidates: readonly Candidate[] = [
  {
    interface: "wasi:http/incoming-handler",
    tracks: new Set(["0.2", "0.2.0-rc-2023-10-18", "0.2.0-rc-2023-11-10"]),
    function: "handle",
    supported: true,
  },
  {
    interface: "wasi:http/handler",
    tracks: new Set(["0.3", "0.3.0-rc-2026-03-15"]),
    function: "handle",
    supported: false,
  },
  {
    interface: "fermyon:spin/inbound-http",
    tracks: new Set([""]),
    function: "handle-request",
    supported: false,
  },
];

/**
 * Finds the export that the HTTP trigger calls. Throws `no_handler` when there is none or more than
 * one, `unsupported` for a kind that cannot be called yet.
 */
export function httpHandlerExport(prepared: PreparedComponent): HandlerExport {
  const found = [...prepared.plan.exports].flatMap(([name, item]) => {
    const candidate = candidates.find((each) => matches(each, name));
    return candidate === undefined ? [] : [{ name, item, candidate }];
  });
  const [first, ...others] = found;
  if (first === undefined) throw noHandler(prepared);
  if (others.length > 0) {
    const names = found.map(({ name }) => `  ${name}`).join("\n");
    throw new WhorlError(
      "no_handler",
      `the component exports several HTTP handlers, but must export exactly one:\n${names}`,
    );
  }
  const lifted = exportedFunction(first.item, first.candidate.function);
  if (!first.candidate.supported) {
    throw new WhorlError(
      "unsupported",
      `the component exports ${first.name}, which this version cannot call yet. ` +
        "Build it for wasi:http/incoming-handler@0.2.",
    );
  }
  if (lifted === undefined) {
    throw new WhorlError(
      "no_handler",
      `${first.name} does not export a function "${first.candidate.function}"`,
    );
  }
  return { interfaceName: first.name, function: lifted };
}

function matches(candidate: Candidate, exportName: string): boolean {
  const { name, version } = parseInterfaceName(exportName);
  if (name !== candidate.interface) return false;
  return candidate.tracks.has(version === undefined ? "" : versionTrack(version));
}

function exportedFunction(item: PlanExport, name: string): LiftedFunction | undefined {
  const found = item.kind === "instance" ? item.exports.get(name) : undefined;
  return found?.kind === "func" && found.function.kind === "lift" ? found.function : undefined;
}

function noHandler(prepared: PreparedComponent): WhorlError {
  const names = [...prepared.plan.exports.keys()].map((name) => `  ${name}`);
  const actual = names.length === 0 ? "It exports nothing." : `It exports:\n${names.join("\n")}`;
  return new WhorlError(
    "no_handler",
    "the component does not export an HTTP handler (wasi:http/incoming-handler@0.2). " +
      `Build it with an HTTP SDK. ${actual}`,
  );
}

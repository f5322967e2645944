import type { LiftedFunction, Plan, PlanExport } from "../component/plan.ts";
import { WhorlError } from "../error.ts";
import { parseInterfaceName, versionTrack } from "../instance/interface-name.ts";

/** A function that a trigger can call, wherever components of its kind export it. */
export interface ExportCandidate {
  /** `wasi:http/incoming-handler`; undefined for a function that the component itself exports. */
  readonly interface: string | undefined;
  /** Tracks of {@link versionTrack}; `""` for an interface without a version. */
  readonly tracks: readonly string[];
  readonly function: string;
}

/** The one function of a component that fits a trigger. */
export interface FoundExport<C extends ExportCandidate> {
  readonly candidate: C;
  /** As exported: `wasi:http/incoming-handler@0.2.3`, or the function's own name. */
  readonly name: string;
  /** For messages: `wasi:http/incoming-handler@0.2.3#handle`. */
  readonly text: string;
  readonly function: LiftedFunction;
}

/** What is looked for, in messages: "an HTTP handler (wasi:http/incoming-handler@0.2)". */
export interface ExportWish<C extends ExportCandidate> {
  readonly candidates: readonly C[];
  readonly what: string;
}

/** Finds the export that a trigger calls. Throws `no_handler` when there is none or several. */
export function findExport<C extends ExportCandidate>(
  plan: Plan,
  wish: ExportWish<C>,
): FoundExport<C> {
  const found = [...plan.exports].flatMap(([name, item]) => {
    const candidate = wish.candidates.find((each) => matches(each, name));
    return candidate === undefined ? [] : [{ name, item, candidate }];
  });
  const [first, ...others] = found;
  if (first === undefined) throw noExport(plan, wish.what);
  if (others.length > 0) {
    const names = found.map(({ name }) => `  ${name}`).join("\n");
    throw new WhorlError(
      "no_handler",
      `the component exports several candidates for ${wish.what}, but must export exactly one:\n${names}`,
    );
  }
  const { candidate, name, item } = first;
  const lifted = exportedFunction(item, candidate);
  if (lifted === undefined) {
    throw new WhorlError(
      "no_handler",
      `${name} does not export a function "${candidate.function}"`,
    );
  }
  const text = candidate.interface === undefined ? name : `${name}#${candidate.function}`;
  return { candidate, name, text, function: lifted };
}

function matches(candidate: ExportCandidate, exportName: string): boolean {
  if (candidate.interface === undefined) return exportName === candidate.function;
  const { name, version } = parseInterfaceName(exportName);
  if (name !== candidate.interface) return false;
  return candidate.tracks.includes(version === undefined ? "" : versionTrack(version));
}

function exportedFunction(
  item: PlanExport,
  candidate: ExportCandidate,
): LiftedFunction | undefined {
  const found =
    candidate.interface !== undefined && item.kind === "instance"
      ? item.exports.get(candidate.function)
      : item;
  return found?.kind === "func" && found.function.kind === "lift" ? found.function : undefined;
}

function noExport(plan: Plan, what: string): WhorlError {
  const names = [...plan.exports.keys()].map((name) => `  ${name}`);
  const actual = names.length === 0 ? "It exports nothing." : `It exports:\n${names.join("\n")}`;
  return new WhorlError(
    "no_handler",
    `the component does not export ${what}. Build it with an SDK for this trigger. ${actual}`,
  );
}

import { namedCases } from "./all-cases.ts";
import { errorsWithoutCase, type WitError } from "./wit-errors.ts";

const notStarted = "a label that is allowed but configured nowhere: the app does not start";
const opened = "told where the store is opened";
const handles = "connections are resources: there is no wrong one";
const other = "nor does Spin answer it: the cause is in the text of another case";

/** Why no component can be answered an error: by interface, case, reason. */
const reasons: readonly (readonly [RegExp, string, string])[] = [
  [/^wasi:keyvalue\/(?:atomics|batch)@/, "no-such-store", opened],
  [/^wasi:keyvalue\/(?:atomics|batch)@/, "access-denied", opened],
  [/key-?value/, "no-such-store", notStarted],
  [/sqlite/, "no-such-database", notStarted],
  [/sqlite@/, "invalid-connection", handles],
  [/sqlite/, "database-full", other],
  [/^fermyon:spin\/(?:http|redis|postgres|mysql)$/, "success", "it is no error"],
  [/^fermyon:spin\/http$/, "request-error", other],
  [/^fermyon:spin\/http$/, "too-many-requests", "a request above the bound waits"],
  [/^fermyon:spin\/config$/, "invalid-schema", other],
  [/variables@/, "other", "a template that is wrong: the app does not start"],
  [/mysql/, "bad-parameter", "every parameter of the interface can be sent"],
  [
    /^spin:mysql/,
    "other",
    "a result above the bound: shown by `runtime/spin/mysql/mysql.real.test.ts`",
  ],
];

/** An error that no case expects, and why; undefined where a case is missing. */
export interface UnansweredError extends WitError {
  readonly reason: string | undefined;
}

/** Every error of the interfaces without a case. */
export function unansweredErrors(): UnansweredError[] {
  return errorsWithoutCase(namedCases).map((each) => ({
    ...each,
    reason: reasons.find(
      ([pattern, errorCase]) => errorCase === each.errorCase && pattern.test(each.interfaceName),
    )?.[2],
  }));
}

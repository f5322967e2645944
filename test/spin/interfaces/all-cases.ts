import { apartCases } from "./apart-cases.ts";
import { databaseCases } from "./database-cases.ts";
import type { InterfaceCase, Places } from "./interface-case.ts";
import { otelCases } from "./otel-cases.ts";
import { serverCases } from "./server-cases.ts";
import { storeCases } from "./store-cases.ts";

/** Every case, in the order in which they have to be tried. */
export function allCases(places: Places): InterfaceCase[] {
  return [
    ...[...storeCases(), ...serverCases(places), ...databaseCases(places)],
    ...[...otelCases(), ...apartCases()],
  ];
}

/** The same where only names count: those are the same wherever the servers listen. */
export const namedCases: readonly InterfaceCase[] = allCases({
  ...{
    redis: "",
    redisReader: "",
    redisRenamed: "",
    mysql: "mysql://",
    postgres: "postgres://",
    postgresTls: "",
  },
  ...{ authority: "", mqtt: "", web: "", nowhere: "" },
});

/** Apps of wasm-apps/ that import the interfaces. */
export const guests: readonly string[] = [
  "spin1",
  "spin2",
  "spin3",
  "spin4",
  "spin4sql",
  "spin4pg",
  "otel",
];

const versionOfGuest: readonly (readonly [RegExp, string])[] = [
  [/^fermyon:spin\/[\w-]+$/, "spin1"],
  [/^fermyon:spin\/.*@2\.0\.0$/, "spin2"],
  [/^wasi:otel/, "otel"],
  [/^(?:wasi:|spin:sqlite.*@3\.0\.0$|spin:postgres.*@(?:3\.0\.0|4\.0\.0)$)/, "spin3"],
  [/^spin:postgres/, "spin4pg"],
  [/^spin:(?:mysql|sqlite)/, "spin4sql"],
  [/^spin:/, "spin4"],
];

/** Which app of wasm-apps/ imports an interface, and by which path it is asked for it. */
export function guestOf(interfaceName: string): { guest: string; path: string } {
  const guest = versionOfGuest.find(([pattern]) => pattern.test(interfaceName))?.[1];
  if (guest === undefined) throw new Error(`no guest imports ${interfaceName}`);
  const [namespace = "", rest = ""] = interfaceName.split("/", 2);
  return { guest, path: namespace.startsWith("wasi:") ? namespace : rest };
}

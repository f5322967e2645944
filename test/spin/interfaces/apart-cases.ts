import { casesOf, err, type InterfaceCase, ok, type Row } from "./interface-case.ts";

const notPermitted = (name: string): string => `"${name}" is not permitted`;

/**
 * Asked of an app of their own: of components that others depend on and that inherit nothing, and
 * of one whose variables all have values.
 */
export function apartCases(): InterfaceCase[] {
  return [...spin1Cases(), ...spin2Cases(), ...spin3Cases()].map((each) => ({
    ...each,
    app: "apart",
  }));
}

const about = "dependency that may not";

/** What the arguments name, the component in front may use. */
function row(functionName: string, error: string, args: readonly unknown[], value: unknown): Row {
  return [functionName, `${about}: ${error}`, args, err(value)];
}

const modelRows: readonly Row[] = [
  row("infer", "model-not-supported", ["tiny", "hi", null], "ModelNotSupported"),
  row("generate-embeddings", "model-not-supported", ["tiny", ["a"]], "ModelNotSupported"),
];

const openRow = row("open", "access-denied", ["default"], "AccessDenied");

function spin1Cases(): InterfaceCase[] {
  const request = { method: "Get", uri: "http://127.0.0.1/", headers: [], params: [], body: null };
  const statement = (name: string): Row[] => {
    const url = `${name}://tester:x@127.0.0.1/test`;
    const error = { OtherError: notPermitted(`fermyon:spin/${name}`) };
    return ["query", "execute"].map((each) =>
      row(each, "other-error", [url, "SELECT 1", []], error),
    );
  };
  return [
    ...casesOf("fermyon:spin/config", [
      row("get-config", "other", ["greeting"], { Other: notPermitted("fermyon:spin/config") }),
    ]),
    ...casesOf("fermyon:spin/http", [
      row("send-request", "destination-not-allowed", [request], "DestinationNotAllowed"),
    ]),
    ...casesOf("fermyon:spin/key-value", [openRow]),
    ...casesOf("fermyon:spin/llm", modelRows),
    ...casesOf("fermyon:spin/mysql", statement("mysql")),
    ...casesOf("fermyon:spin/postgres", statement("postgres")),
    ...casesOf("fermyon:spin/redis", [row("get", "error", ["redis://127.0.0.1", "k"], "Error")]),
    ...casesOf("fermyon:spin/sqlite", [openRow]),
  ];
}

function openOther(name: string, address: unknown): Row[] {
  return [row("open", "other", [address], { Other: notPermitted(name.replace(/@.*/, "")) })];
}

function spin2Cases(): InterfaceCase[] {
  const login = ["mqtt://127.0.0.1?client_id=a", "sensor", "x", 5];
  const servers: readonly (readonly [string, unknown])[] = [
    ["fermyon:spin/redis@2.0.0", "redis://127.0.0.1"],
    ["fermyon:spin/mqtt@2.0.0", login],
    ["fermyon:spin/mysql@2.0.0", "mysql://tester:x@127.0.0.1/test"],
    ["fermyon:spin/postgres@2.0.0", "postgres://tester:x@127.0.0.1/test"],
  ];
  return [
    ...casesOf("fermyon:spin/variables@2.0.0", [
      row("get", "undefined", ["greeting"], { Undefined: "greeting" }),
    ]),
    ...["fermyon:spin/key-value@2.0.0", "fermyon:spin/sqlite@2.0.0"].flatMap((name) =>
      casesOf(name, [openRow]),
    ),
    ...servers.flatMap(([name, address]) => casesOf(name, openOther(name, address))),
    ...casesOf("fermyon:spin/llm@2.0.0", modelRows),
  ];
}

function spin3Cases(): InterfaceCase[] {
  const io = { Io: notPermitted("wasi:config/store") };
  const postgres = "postgres://tester:x@127.0.0.1/test";
  return [
    ...casesOf("wasi:config/store@0.2.0-draft-2024-09-27", [
      ["get-all", "works", [], ok([["greeting", "hello"]])],
      row("get", "io", ["greeting"], io),
    ]),
    ...["wasi:keyvalue/store@0.2.0-draft2", "spin:sqlite/sqlite@3.0.0"].flatMap((name) =>
      casesOf(name, [openRow]),
    ),
    ...["spin:postgres/postgres@3.0.0", "spin:postgres/postgres@4.0.0"].flatMap((name) =>
      casesOf(name, openOther(name, postgres)),
    ),
  ];
}

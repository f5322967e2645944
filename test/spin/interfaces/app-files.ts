import { encode } from "../../../runtime/component/test-wat.ts";
import { wasmApp } from "../../whorl-process.ts";
import { guestOf, guests, namedCases } from "./all-cases.ts";
import type { InterfaceCase, Places } from "./interface-case.ts";
import { passingHandler, passingInbound } from "./passing-component.ts";

type Files = Record<string, string | Uint8Array>;

/** The app that most cases are asked of: every guest, with everything that it may need. */
export function mainAppFiles(places: Places): Files {
  const { redis, redisRenamed, mysql, postgres, postgresTls, mqtt, web, nowhere } = places;
  const urls = [redis, redisRenamed, mysql, postgres, postgresTls, mqtt, web];
  const hosts = [...urls.map((url) => new URL(url).host), nowhere];
  const component = (guest: string): string => `
[component.${guest}]
source = "${sourceOf(guest)}"
key_value_stores = ["default", "down"]
sqlite_databases = ["default"]
ai_models = ["tiny"]
allowed_outbound_hosts = [${hosts.map((host) => `"*://${host}"`).join(", ")}]
[component.${guest}.variables]
greeting = "{{ greeting }}"
unreachable = "{{ unreachable }}"
`;
  return {
    "spin.toml": manifest(
      ["greeting", "unreachable"],
      [...triggers("main"), ...guests.map(component)],
    ),
    "runtime.toml": runtimeConfig(web, nowhere),
  };
}

/** The app of `apart-cases.ts`. */
export async function apartAppFiles(): Promise<Files> {
  const behind = (guest: string, { handler }: typeof passingHandler, source: string): string => `
[component.${guest}]
source = "${source}"
key_value_stores = ["default"]
sqlite_databases = ["default"]
ai_models = ["tiny"]
allowed_outbound_hosts = ["*://*:*"]
[component.${guest}.variables]
greeting = "{{ greeting }}"
[component.${guest}.dependencies]
"${handler}" = { path = "${sourceOf(guest)}" }
`;
  const resolved = `
[[trigger.http]]
route = "/wasi:config/get-all"
component = "resolved"
[component.resolved]
source = "${sourceOf("spin3")}"
[component.resolved.variables]
greeting = "{{ greeting }}"
`;
  const components = [
    ...[behind("spin1", passingInbound, "inbound.wasm"), resolved],
    ...["spin2", "spin3"].map((guest) => behind(guest, passingHandler, "handler.wasm")),
  ];
  return {
    "spin.toml": manifest(["greeting"], [...triggers("apart"), ...components]),
    "runtime.toml": "",
    "handler.wasm": await encode(passingHandler.wat),
    "inbound.wasm": await encode(passingInbound.wat),
  };
}

function sourceOf(guest: string): string {
  return wasmApp(`${guest}-rust/${guest}.wasm`);
}

function manifest(variables: readonly string[], tables: readonly string[]): string {
  return `
spin_manifest_version = 2
[application]
name = "interfaces"
[variables]
${variables.map((name) => `${name} = { default = "" }`).join("\n")}
${tables.join("")}`;
}

function triggers(app: InterfaceCase["app"]): string[] {
  const names = namedCases
    .filter((each) => each.app === app)
    .map(({ interfaceName }) => guestOf(interfaceName));
  const routes = new Map(names.map(({ path, guest }) => [path, guest]));
  return [...routes].map(
    ([path, guest]) => `
[[trigger.http]]
route = "/${path}/..."
component = "${guest}"`,
  );
}

function runtimeConfig(web: string, nowhere: string): string {
  return `
[[variables_provider]]
type = "vault"
url = "http://${nowhere}"
token = "x"
mount = "secret"
[key_value_store.default]
type = "spin"
path = "keys.db"
[key_value_store.down]
type = "redis"
url = "redis://${nowhere}"
[llm_compute]
type = "remote_http"
url = "${web}"
auth_token = "x"
api_type = "open_ai"
`;
}

import type { Dispatcher } from "undici";
import type { AppComponent } from "../../app/app.ts";
import type { RuntimeConfig } from "../../app/runtime-config.ts";
import type { HostInterface } from "../../instance/host-interface.ts";
import type { OutboundNetwork } from "../../spin/network/outbound-network.ts";
import type { GuestContext } from "../guest-context.ts";
import { guestInterfaces } from "../guest-interfaces.ts";

/** What a service is opened with. */
export interface GuestServiceOptions {
  readonly network: OutboundNetwork;
  readonly runtimeConfig: RuntimeConfig;
  readonly dispatcher: Dispatcher;
  /** Told what a component asks for and may not have. */
  readonly onWarning: (message: string) => void;
}

/** A service of an app that is running: what all its instances share. */
export interface GuestService extends AsyncDisposable {
  readonly interfaces: readonly HostInterface<GuestContext>[];
  /** The part of one instance's context that the interfaces need. */
  newScope(component: AppComponent): Partial<GuestContext>;
}

/** Interfaces whose clients are loaded only where a component imports one of them. */
export interface GuestServiceGroup {
  /** Names of the interfaces, without versions. */
  readonly interfaces: readonly string[];
  /** The same, with their functions: for whoever looks at a component and runs nothing. */
  load(): Promise<readonly HostInterface<GuestContext>[]>;
  open(options: GuestServiceOptions): Promise<GuestService>;
}

/** Every group there is. */
export const guestServiceGroups: readonly GuestServiceGroup[] = [
  {
    interfaces: ["fermyon:spin/http"],
    load: async () => (await import("./http-service.ts")).httpInterfaces,
    open: async () => (await import("./http-service.ts")).openHttpService(),
  },
  {
    interfaces: ["fermyon:spin/redis", "spin:redis/redis"],
    load: async () => (await import("./redis-service.ts")).redisInterfaces,
    open: async (options) => (await import("./redis-service.ts")).openRedisService(options),
  },
  {
    interfaces: ["fermyon:spin/mqtt", "spin:mqtt/mqtt"],
    load: async () => (await import("./mqtt-service.ts")).mqttInterfaces,
    open: async (options) => (await import("./mqtt-service.ts")).openMqttService(options),
  },
  {
    interfaces: ["fermyon:spin/mysql", "spin:mysql/mysql"],
    load: async () => (await import("./mysql-service.ts")).mysqlInterfaces,
    open: async (options) => (await import("./mysql-service.ts")).openMysqlService(options),
  },
  {
    interfaces: ["fermyon:spin/postgres", "spin:postgres/postgres"],
    load: async () => (await import("./postgres-service.ts")).postgresInterfaces,
    open: async (options) => (await import("./postgres-service.ts")).openPostgresService(options),
  },
  {
    interfaces: ["fermyon:spin/llm"],
    load: async () => (await import("./llm-service.ts")).llmInterfaces,
    open: async (options) => (await import("./llm-service.ts")).openLlmService(options),
  },
];

/** Everything that a component may import whose binary has these names in it. */
export async function interfacesNamed(
  isNamed: (interfaceName: string) => boolean,
): Promise<readonly HostInterface<GuestContext>[]> {
  const groups = guestServiceGroups.filter(({ interfaces }) => interfaces.some(isNamed));
  const loaded = await Promise.all(groups.map((group) => group.load()));
  return [...guestInterfaces, ...loaded.flat()];
}

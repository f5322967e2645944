import type { HostInterface } from "../../instance/host-interface.ts";
import { postgresV1, postgresV2, postgresV3 } from "../../spin/postgres/postgres-older.ts";
import { PostgresPools } from "../../spin/postgres/postgres-pools.ts";
import { PostgresContext } from "../../spin/postgres/postgres-scope.ts";
import { postgresV4 } from "../../spin/postgres/postgres-v4.ts";
import type { GuestContext } from "../guest-context.ts";
import type { GuestService, GuestServiceOptions } from "./guest-service.ts";

/** fermyon:spin/postgres and spin:postgres/postgres. */
export const postgresInterfaces: readonly HostInterface<GuestContext>[] = [
  postgresV1,
  postgresV2,
  postgresV3,
  postgresV4,
];

/** Opens the service of {@link postgresInterfaces}. */
export function openPostgresService({ network, runtimeConfig }: GuestServiceOptions): GuestService {
  const maxConnections = runtimeConfig.outboundPostgres.connectionsMax;
  const pools = new PostgresPools({
    network,
    ...(maxConnections !== undefined && { maxConnections }),
  });
  return {
    interfaces: postgresInterfaces,
    newScope: () => ({ postgres: new PostgresContext(pools) }),
    [Symbol.asyncDispose]: () => pools[Symbol.asyncDispose](),
  };
}

import type { HostInterface } from "../../instance/host-interface.ts";
import { MysqlPools } from "../../spin/mysql/mysql-pools.ts";
import { MysqlContext } from "../../spin/mysql/mysql-scope.ts";
import { mysqlV1, mysqlV2, mysqlV3 } from "../../spin/mysql/mysql.ts";
import type { GuestContext } from "../guest-context.ts";
import type { GuestService, GuestServiceOptions } from "./guest-service.ts";

/** fermyon:spin/mysql and spin:mysql/mysql. */
export const mysqlInterfaces: readonly HostInterface<GuestContext>[] = [mysqlV1, mysqlV2, mysqlV3];

/** Opens the service of {@link mysqlInterfaces}. */
export function openMysqlService({ network, runtimeConfig }: GuestServiceOptions): GuestService {
  const maxConnections = runtimeConfig.outboundMysql.connectionsMax;
  const pools = new MysqlPools({
    network,
    ...(maxConnections !== undefined && { maxConnections }),
  });
  return {
    interfaces: mysqlInterfaces,
    newScope: () => ({ mysql: new MysqlContext(pools) }),
    [Symbol.asyncDispose]: () => pools[Symbol.asyncDispose](),
  };
}

import type { HostInterface } from "../../instance/host-interface.ts";
import { MqttPools } from "../../spin/mqtt/mqtt-pools.ts";
import { MqttContext } from "../../spin/mqtt/mqtt-scope.ts";
import { mqttV2, mqttV3 } from "../../spin/mqtt/mqtt.ts";
import type { GuestContext } from "../guest-context.ts";
import type { GuestService, GuestServiceOptions } from "./guest-service.ts";

/** fermyon:spin/mqtt and spin:mqtt/mqtt. */
export const mqttInterfaces: readonly HostInterface<GuestContext>[] = [mqttV2, mqttV3];

/** Opens the service of {@link mqttInterfaces}. */
export function openMqttService({ network, runtimeConfig }: GuestServiceOptions): GuestService {
  const { connectionsMax, payloadBytesMax } = runtimeConfig.outboundMqtt;
  const pools = new MqttPools({
    network,
    ...(connectionsMax !== undefined && { maxConnections: connectionsMax }),
    ...(payloadBytesMax !== undefined && { maxPayloadSizeBytes: payloadBytesMax }),
  });
  return {
    interfaces: mqttInterfaces,
    newScope: () => ({ mqtt: new MqttContext(pools) }),
    [Symbol.asyncDispose]: () => pools[Symbol.asyncDispose](),
  };
}

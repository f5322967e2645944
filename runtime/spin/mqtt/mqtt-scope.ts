import { limits } from "../../limits.ts";
import { GuestConnections } from "../network/guest-connections.ts";
import type { Release } from "../network/permits.ts";
import type { OutboundScope } from "../outbound-scope.ts";
import type { MqttAddress } from "./mqtt-address.ts";
import type { MqttLogin } from "./mqtt-connection.ts";
import type { MqttPools } from "./mqtt-pools.ts";

/** What the MQTT interfaces need of an instance's context. */
export interface MqttScope extends OutboundScope {
  readonly mqtt: MqttContext;
}

/** The MQTT side of one guest instance. */
export class MqttContext extends GuestConnections {
  readonly pools: MqttPools;

  constructor(pools: MqttPools) {
    super(limits.guestConnectionsMax);
    this.pools = pools;
  }
}

/** A connection that a guest has open; the broker is connected to when there is a message. */
export class GuestMqtt {
  readonly key: string;
  readonly address: MqttAddress;
  readonly login: MqttLogin;
  readonly release: Release;
  closed = false;

  constructor(key: string, address: MqttAddress, login: MqttLogin, release: Release) {
    this.key = key;
    this.address = address;
    this.login = login;
    this.release = release;
  }
}

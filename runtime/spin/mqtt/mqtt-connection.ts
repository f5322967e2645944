import type { Socket } from "node:net";
import { type IClientOptions, MqttClient } from "mqtt";
import { limits } from "../../limits.ts";
import { connectOutbound, type OutboundNetwork } from "../network/outbound-network.ts";
import { trustedAuthorities } from "../network/trusted-authorities.ts";
import type { MqttAddress } from "./mqtt-address.ts";

export interface MqttLogin {
  readonly username: string;
  readonly password: string;
  readonly keepAliveSeconds: number;
}

/** How a message may get lost, as MQTT numbers it. */
export type MqttQos = 0 | 1 | 2;

/** A connection to an MQTT broker that is not made again once it is lost. */
export class MqttConnection {
  readonly #client: MqttClient;
  readonly #lost = Promise.withResolvers<never>();
  #reason: unknown = new Error("the broker closed the connection");
  #pending = 0;

  private constructor(connect: () => Socket, options: IClientOptions) {
    const client = new MqttClient(() => {
      const socket = connect();
      // The client tells of some errors of its stream only.
      socket.on("error", (error) => {
        this.#reason = error;
      });
      return socket;
    }, options);
    this.#client = client;
    this.#lost.promise.catch(() => undefined);
    client.on("error", (error) => {
      this.#reason = error;
    });
    client.on("close", () => this.#lose());
  }

  /** Connects and logs in. Rejects with the reason, also when that takes too long. */
  static async open(
    address: MqttAddress,
    login: MqttLogin,
    network: OutboundNetwork,
  ): Promise<MqttConnection> {
    const connection = new MqttConnection(
      () => openSocket(address, network),
      clientOptions(address, login, network),
    );
    const timer = setTimeout(() => {
      connection.#reason = new Error("the broker does not answer");
      connection.#lose();
    }, network.connectMsMax ?? limits.serverConnectMsMax);
    const { promise, resolve } = Promise.withResolvers<void>();
    connection.#client.once("connect", () => resolve());
    try {
      await Promise.race([promise, connection.#lost.promise]);
      return connection;
    } finally {
      clearTimeout(timer);
    }
  }

  get alive(): boolean {
    return this.#client.connected;
  }

  /** Messages that wait for what their quality of service asks for. */
  get pending(): number {
    return this.#pending;
  }

  /** Resolves when the message is sent, received once at least, or exactly once, as `qos` asks. */
  async publish(topic: string, payload: Uint8Array, qos: MqttQos): Promise<void> {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#pending++;
    try {
      await Promise.race([this.#client.publishAsync(topic, bytes, { qos }), this.#lost.promise]);
    } finally {
      this.#pending--;
    }
  }

  close(): void {
    this.#client.end(true);
  }

  #lose(): void {
    this.#lost.reject(this.#reason);
    this.close();
  }
}

function openSocket({ host, port, isSecure }: MqttAddress, network: OutboundNetwork): Socket {
  const ca = trustedAuthorities(network);
  return connectOutbound(network, {
    host,
    port: port ?? (isSecure ? 8883 : 1883),
    ...(isSecure && { tls: ca === undefined ? {} : { ca } }),
  });
}

function clientOptions(
  { clientId }: MqttAddress,
  login: MqttLogin,
  network: OutboundNetwork,
): IClientOptions {
  return {
    clientId,
    protocolVersion: 4,
    clean: true,
    keepalive: login.keepAliveSeconds,
    reconnectPeriod: 0,
    connectTimeout: network.connectMsMax ?? limits.serverConnectMsMax,
    resubscribe: false,
    queueQoSZero: false,
    ...(login.username !== "" && {
      username: login.username,
      password: Buffer.from(login.password),
    }),
  };
}

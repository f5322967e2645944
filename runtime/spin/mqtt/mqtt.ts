import { errorText } from "../../error.ts";
import { err, type HostInterface, ok, type Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { parseOutboundUrl } from "../network/outbound-url.ts";
import { parseMqttAddress } from "./mqtt-address.ts";
import { GuestMqtt, type MqttScope } from "./mqtt-scope.ts";

/** `error` of fermyon:spin/mqtt@2.0.0 and spin:mqtt/mqtt@3.0.0. */
export type MqttError =
  | { readonly tag: "invalid-address"; readonly val: undefined }
  | { readonly tag: "too-many-connections"; readonly val: undefined }
  | { readonly tag: "connection-failed"; readonly val: string }
  | { readonly tag: "other"; readonly val: string };

type MqttAnswer<T> = Promise<Result<T, MqttError>>;

const qosNumbers = { "at-most-once": 0, "at-least-once": 1, "exactly-once": 2 } as const;
const keepAliveSecondsMax = 65_535n;

/** `connection.open`: asks allowed_outbound_hosts; connects only when there is a message. */
async function open(
  scope: MqttScope,
  address: string,
  ...login: [username: string, password: string, keepAliveSeconds: bigint]
): MqttAnswer<GuestMqtt> {
  const { mqtt, outbound } = scope;
  const target = parseOutboundUrl(address, "mqtt");
  if (target === undefined || !outbound.allows(target.scheme, target.host, target.port)) {
    return failed("connection-failed", `address ${address} is not permitted`);
  }
  const parsed = parseMqttAddress(address);
  if (parsed === undefined) return err({ tag: "invalid-address", val: undefined } as const);
  const [username, password, keepAlive] = login;
  const keepAliveSeconds = Number(
    keepAlive > keepAliveSecondsMax ? keepAliveSecondsMax : keepAlive,
  );
  if (!mqtt.opens()) return err({ tag: "too-many-connections", val: undefined } as const);
  const release = await mqtt.pools.permit();
  const key = JSON.stringify([address, username, password, keepAliveSeconds]);
  const guest = new GuestMqtt(key, parsed, { username, password, keepAliveSeconds }, release);
  if (!mqtt.ended) return ok(guest);
  close(scope, guest);
  return failed("other", "the instance has ended");
}

/** The guest dropped a connection. */
function close({ mqtt }: MqttScope, guest: GuestMqtt): void {
  if (guest.closed) return;
  guest.closed = true;
  mqtt.closes();
  guest.release();
}

async function publish(
  { mqtt: { pools } }: MqttScope,
  guest: GuestMqtt,
  ...message: [topic: string, payload: Uint8Array, qos: keyof typeof qosNumbers]
): MqttAnswer<undefined> {
  const [topic, payload, qos] = message;
  const refusal = refusalOf(topic, payload, pools.maxPayloadSizeBytes);
  if (refusal !== undefined) return failed("other", refusal);
  try {
    const connection = await pools.connection(guest.key, guest.address, guest.login);
    await connection.publish(topic, payload, qosNumbers[qos]);
    return ok(undefined);
  } catch (error) {
    return failed("connection-failed", errorText(error));
  }
}

/** Why a message cannot be sent at all. */
function refusalOf(
  topic: string,
  payload: Uint8Array,
  payloadBytesMax: number | undefined,
): string | undefined {
  if (payloadBytesMax !== undefined && payload.length > payloadBytesMax) {
    return (
      `payload size ${payload.length} exceeds the maximum allowed size of ` +
      `${payloadBytesMax} bytes`
    );
  }
  if (/[+#\0]/.test(topic) || topic === "") return `topic "${topic}" cannot be published to`;
  if (Buffer.byteLength(topic) > limits.mqttTopicBytesMax) return "the topic is too long";
  return undefined;
}

function failed(tag: "connection-failed" | "other", val: string): Result<never, MqttError> {
  return err<MqttError>({ tag, val });
}

const functions = { "[static]connection.open": open, "[method]connection.publish": publish };

const resources = {
  connection: {
    drop: (scope: MqttScope, connection: object): void => close(scope, connection as GuestMqtt),
  },
};

/** fermyon:spin/mqtt@2.0.0. */
export const mqttV2: HostInterface<MqttScope> = {
  name: "fermyon:spin/mqtt",
  version: "2.0.0",
  functions,
  suspending: new Set(Object.keys(functions)),
  resources,
};

/** spin:mqtt/mqtt@3.0.0: the same, async. */
export const mqttV3: HostInterface<MqttScope> = {
  name: "spin:mqtt/mqtt",
  version: "3.0.0",
  functions,
  suspending: new Set(),
  resources,
};

import type { HandlerIdentity, InboundRequest } from "../telemetry.ts";
import type { AttributeValue, Attributes, SpanKind } from "../trace/span-record.ts";
import { knownMethod } from "./request-meters.ts";

/** The first span of a request or event. */
export interface RootSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

/** How an answer ended, for the attributes of its span. */
export interface Ending {
  /** 0 where nothing was answered. */
  readonly status: number;
  /** Code of the failure. */
  readonly error: string | undefined;
}

/** As Spin names and describes `handle_http_request`. */
export function requestSpan(
  identity: HandlerIdentity,
  request: Omit<InboundRequest, "rawHeaders">,
  { status, error }: Ending,
): RootSpan {
  const { method, scheme, target, peer } = request;
  const name = knownMethod(method);
  const query = target.indexOf("?");
  const attributes: (readonly [string, AttributeValue])[] = [
    ["http.request.method", name],
    ["http.route", identity.route],
    ["url.path", query === -1 ? target : target.slice(0, query)],
    ["url.scheme", scheme],
    ["app_id", identity.app],
    ["component_id", identity.component],
  ];
  if (name === "_OTHER") attributes.push(["http.request.method_original", method]);
  if (query !== -1) attributes.push(["url.query", target.slice(query + 1)]);
  if (peer?.remoteAddress !== undefined) {
    attributes.push(["network.peer.address", peer.remoteAddress]);
    attributes.push(["client.address", peer.remoteAddress]);
  }
  if (peer?.remotePort !== undefined) attributes.push(["network.peer.port", peer.remotePort]);
  if (status > 0) attributes.push(["http.response.status_code", status]);
  if (error !== undefined) attributes.push(["error.type", error]);
  const shown = name === "_OTHER" ? "HTTP" : name;
  return { name: `${shown} ${identity.route}`, kind: "server", attributes };
}

const eventSpans: Readonly<Record<string, string>> = {
  redis: "spin_trigger_redis.handle_message",
  mqtt: "spin_trigger_mqtt.handle_message",
  sqs: "spin_trigger_sqs.handle_message",
  cron: "spin_trigger_cron.handle_cron_event",
  command: "spin_trigger_command.execute",
};

/** The first span of an event; Spin has it for Redis, the others are named alike. */
export function eventSpan(identity: HandlerIdentity, error: string | undefined): RootSpan {
  const { trigger, route, app, component } = identity;
  const attributes: (readonly [string, AttributeValue])[] = [
    ["app_id", app],
    ["component_id", component],
    ["trigger_type", trigger],
  ];
  const isMessage = trigger === "redis" || trigger === "mqtt" || trigger === "sqs";
  if (isMessage) {
    attributes.push(["messaging.system", trigger === "sqs" ? "aws_sqs" : trigger]);
    attributes.push(["messaging.destination.name", route]);
    attributes.push(["messaging.operation.type", "process"]);
  } else if (trigger === "cron") {
    attributes.push(["whorl.cron.expression", route]);
  }
  if (error !== undefined) attributes.push(["error.type", error]);
  const name = eventSpans[trigger] ?? `spin_trigger_${trigger}.handle`;
  return { name, kind: isMessage ? "consumer" : "internal", attributes };
}

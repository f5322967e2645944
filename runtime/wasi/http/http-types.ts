import type { HostInterface } from "../../instance/host-interface.ts";
import type { WasiContext } from "../context.ts";
import type { IoError } from "../io/streams.ts";
import { HttpFailure } from "./error-code.ts";
import type { ErrorCode } from "./error-code.ts";
import { fieldsFunctions } from "./fields.ts";
import { futureIncomingResponseFunctions } from "./future-incoming-response.ts";
import { futureTrailersFunctions } from "./future-trailers.ts";
import { incomingBodyFunctions } from "./incoming-body.ts";
import { incomingRequestFunctions } from "./incoming-request.ts";
import { incomingResponseFunctions } from "./incoming-response.ts";
import { outgoingBodyFunctions } from "./outgoing-body.ts";
import type { OutgoingBody } from "./outgoing-body.ts";
import { outgoingRequestFunctions } from "./outgoing-request.ts";
import { outgoingResponseFunctions } from "./outgoing-response.ts";
import { requestOptionsFunctions } from "./request-options.ts";
import { responseOutparamFunctions } from "./response-outparam.ts";

function httpErrorCode(_: WasiContext, error: IoError): ErrorCode | undefined {
  return error.cause instanceof HttpFailure ? error.cause.errorCode : undefined;
}

function dropBody(_: WasiContext, body: object): void {
  (body as OutgoingBody).abort("the guest dropped the body before it was complete");
}

/** For representations that know what their drop means. */
function drop(_: WasiContext, representation: object): void {
  (representation as { drop(): void }).drop();
}

/** wasi:http/types. */
export const httpTypes: HostInterface<WasiContext> = {
  name: "wasi:http/types",
  version: "0.2.12",
  functions: {
    "http-error-code": httpErrorCode,
    ...fieldsFunctions,
    ...incomingRequestFunctions,
    ...outgoingRequestFunctions,
    ...requestOptionsFunctions,
    ...responseOutparamFunctions,
    ...incomingResponseFunctions,
    ...incomingBodyFunctions,
    ...futureTrailersFunctions,
    ...outgoingResponseFunctions,
    ...outgoingBodyFunctions,
    ...futureIncomingResponseFunctions,
  },
  suspending: new Set(),
  resources: {
    fields: {},
    "incoming-request": {},
    "outgoing-request": { drop },
    "request-options": {},
    "response-outparam": {},
    "incoming-response": { drop },
    "incoming-body": { drop },
    "future-trailers": { drop },
    "outgoing-response": {},
    "outgoing-body": { drop: dropBody },
    "future-incoming-response": { drop },
  },
};

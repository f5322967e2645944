import { err, ok } from "../../../instance/host-interface.ts";
import type { HostCall, Result } from "../../../instance/host-interface.ts";
import type { WasiContext } from "../../context.ts";
import { plainError } from "../error-code.ts";
import type { ErrorCode } from "../error-code.ts";
import { errorCodeOf } from "../error-mapping.ts";
import { startRequest } from "../outgoing-handler.ts";
import { RequestBody } from "../request-body.ts";
import { MadeContents, ReceivedContents } from "./contents.ts";
import type { Contents } from "./contents.ts";
import type { Request03 } from "./request.ts";
import { Response03 } from "./response.ts";

/**
 * wasi:http/client@0.3 `send`. Settles with the head of the response; the body of the request goes
 * on being sent meanwhile. A call that is cancelled ends the connection.
 */
export async function send(
  context: WasiContext,
  request: Request03,
  call: HostCall,
): Promise<Result<Response03, ErrorCode>> {
  const contents = request.take();
  const hasBody = !(contents instanceof MadeContents) || contents.hasStream;
  const body = hasBody ? new RequestBody() : undefined;
  const started = startRequest(context.http, {
    parts: request,
    headers: request.headers,
    body: body?.readable,
    options: request.options,
  });
  if (started.tag === "err") {
    contents.drop();
    return started;
  }
  const future = started.val;
  if (body === undefined) settle(contents);
  else void transmit(contents, body);
  call.signal.addEventListener("abort", () => future.fail(plainError("connection-terminated")));
  while (!future.isReady()) await future.wait();
  const answer = future.get();
  // Asked once, when it is ready: there is an answer.
  if (answer?.tag !== "ok") return err(plainError("connection-terminated"));
  if (answer.val.tag === "err") return answer.val;
  const response = answer.val.val;
  return ok(
    new Response03(
      response.status,
      response.headers(),
      new ReceivedContents(response.takeSource()),
    ),
  );
}

/** A request without content is sent with its head; its trailers have nowhere to go. */
function settle(contents: Contents): void {
  if (contents instanceof MadeContents) contents.settle(undefined);
}

/** Failures reach the guest through the response and through the request's own future. */
async function transmit(contents: Contents, body: RequestBody): Promise<void> {
  try {
    await contents.write({ output: body, finish: () => body.finish() });
  } catch (error) {
    body.readable.destroy(error instanceof Error ? error : new Error(errorCodeOf(error).tag));
  }
}

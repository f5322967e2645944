import { errorText, WhorlError } from "../../error.ts";
import type { Invocation } from "../../telemetry/telemetry.ts";
import type { IncomingExchange, ResponseSink } from "../../wasi/http/exchange.ts";
import type { HttpExecutor } from "./http-executor.ts";
import { GuestExit } from "../../wasi/cli/guest-exit.ts";
import { BufferOutputStream, bytesInputStream } from "../../wasi/io/memory-streams.ts";
import { StreamFailure } from "../../wasi/io/streams.ts";
import { findExport } from "../component-exports.ts";
import type { FoundExport, ExportCandidate } from "../component-exports.ts";
import { commandExport } from "../event/command-trigger.ts";
import { guestFailure } from "../loaded-component.ts";
import type { Callee } from "../loaded-component.ts";
import { bufferedBody, sendBuffered } from "./buffered-body.ts";
import { cgiArguments, cgiEnvironment } from "./cgi-environment.ts";
import { cgiResponse } from "./cgi-response.ts";

/**
 * Answers each request by running a program (`wasi:cli/run`) the CGI way: the request is its
 * environment and stdin, its stdout is the response. Throws `no_handler` for a component that is
 * no program.
 */
export class WagiExecutor implements HttpExecutor {
  readonly #component: Callee;
  readonly #argv: string;
  readonly #run: FoundExport<ExportCandidate>;

  constructor(component: Callee, argv: string) {
    this.#component = component;
    this.#argv = argv;
    this.#run = findExport(component.linked.plan, commandExport);
  }

  /** Rejects with `trap` when the program traps, exits with a status, or writes no response. */
  async handle(
    exchange: IncomingExchange,
    sink: ResponseSink,
    invocation: Invocation,
  ): Promise<void> {
    const body = await bufferedBody(exchange.body);
    if (body === undefined) {
      await sendBuffered(sink, { status: 413, headers: [], body: new Uint8Array(0) });
      return;
    }
    const response = cgiResponse(await this.#output(exchange, body, invocation));
    try {
      await sendBuffered(sink, response);
    } catch (error) {
      // The client has gone.
      if (!(error instanceof StreamFailure)) throw error;
    }
  }

  async #output(
    exchange: IncomingExchange,
    body: Uint8Array,
    invocation: Invocation,
  ): Promise<Uint8Array> {
    const stdout = new BufferOutputStream();
    const { environment } = this.#component.newContext({}).cli;
    const variables = new Map([...environment, ...cgiEnvironment(exchange, body.length)]);
    try {
      // A program that returns in failure may have written its response nevertheless.
      await this.#component.call(this.#run.function, [], {
        invocation,
        cli: {
          arguments: cgiArguments(this.#argv, exchange.pathWithQuery),
          environment: [...variables],
          stdin: () => bytesInputStream(body),
          stdout: () => stdout,
        },
      });
    } catch (error) {
      this.#checkExit(error);
    }
    return stdout.bytes();
  }

  #checkExit(error: unknown): void {
    if (!(error instanceof GuestExit)) throw guestFailure(this.#run.text, error);
    if (error.code === 0) return;
    throw new WhorlError("trap", `${this.#run.text}: ${errorText(error)}`, { cause: error });
  }
}

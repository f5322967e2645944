import { type Dispatcher, request } from "undici";
import { errorText } from "../../error.ts";
import { err, ok, type Result } from "../../instance/host-interface.ts";
import { limits } from "../../limits.ts";
import { collectBytes } from "../../wasi/io/collect-bytes.ts";
import type {
  EmbeddingsResult,
  InferencingParams,
  InferencingResult,
  LlmAnswer,
  LlmEngine,
  LlmError,
} from "./llm-engine.ts";
import { defaultApi, type LlmApi, openAiApi } from "./llm-api.ts";

/** `[llm_compute]` of the runtime configuration. */
export type LlmComputeOptions =
  /** No engine in this process: every call fails. */
  | { readonly type: "spin" }
  | {
      readonly type: "remote_http";
      readonly url: string;
      readonly authToken: string;
      readonly apiType: "default" | "open_ai";
    };

/** The engine of a configuration; without one, calls fail. `dispatcher` sends the requests. */
export function llmEngine(
  options: LlmComputeOptions | undefined,
  dispatcher: Dispatcher,
): LlmEngine {
  if (options?.type !== "remote_http") return noEngine;
  return new RemoteEngine(options, dispatcher);
}

const noEngine: LlmEngine = {
  infer: async () => unsupported,
  embed: async () => unsupported,
};

const unsupported = err<LlmError>({
  tag: "runtime-error",
  val: "Local LLM operations are not supported in this version of Spin.",
});

/** Asks an inference server over HTTP. */
class RemoteEngine implements LlmEngine {
  readonly #url: string;
  readonly #authToken: string;
  readonly #api: LlmApi;
  readonly #dispatcher: Dispatcher;

  constructor(
    options: Extract<LlmComputeOptions, { type: "remote_http" }>,
    dispatcher: Dispatcher,
  ) {
    this.#url = options.url;
    this.#authToken = options.authToken;
    this.#api = options.apiType === "open_ai" ? openAiApi : defaultApi;
    this.#dispatcher = dispatcher;
  }

  infer(model: string, prompt: string, params: InferencingParams): LlmAnswer<InferencingResult> {
    const { infer } = this.#api;
    return this.#post(infer.path, infer.body(model, prompt, params), infer.result);
  }

  embed(model: string, texts: readonly string[]): LlmAnswer<EmbeddingsResult> {
    const { embed } = this.#api;
    return this.#post(embed.path, embed.body(model, texts), embed.result);
  }

  async #post<T>(
    path: string,
    body: unknown,
    convert: (answer: unknown) => T | undefined,
  ): LlmAnswer<T> {
    let text: string;
    try {
      const response = await request(new URL(path, this.#url), {
        method: "POST",
        headers: {
          authorization: `bearer ${this.#authToken}`,
          "content-type": "application/json",
        },
        body: JSON.stringify(body),
        dispatcher: this.#dispatcher,
        signal: AbortSignal.timeout(limits.inferenceMsMax),
      });
      text = await boundedText(response.body);
    } catch (error) {
      if (error instanceof RangeError) return failure(error.message);
      return failure(`POST ${path} request error: ${errorText(error)}`);
    }
    return this.#read(path, text, convert);
  }

  #read<T>(
    path: string,
    text: string,
    convert: (answer: unknown) => T | undefined,
  ): Result<T, LlmError> {
    try {
      const answer: unknown = JSON.parse(text);
      const message = this.#api.errorOf(answer);
      if (message !== undefined) return failure(message);
      const result = convert(answer);
      if (result !== undefined) return ok(result);
      return failure(`Failed to deserialize response for "POST ${path}": unexpected fields`);
    } catch (error) {
      return failure(`Failed to deserialize response for "POST ${path}": ${errorText(error)}`);
    }
  }
}

/** Throws RangeError beyond `limits.queryResultBytesMax`. */
async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await collectBytes(body, limits.queryResultBytesMax);
  if (bytes !== undefined) return bytes.toString();
  throw new RangeError(`query result exceeds limit of ${limits.queryResultBytesMax} bytes`);
}

function failure(val: string): Result<never, LlmError> {
  return err<LlmError>({ tag: "runtime-error", val });
}

import type { EmbeddingsResult, InferencingParams, InferencingResult } from "./llm-engine.ts";

/** How an inference server is asked, and what its answers mean. */
export interface LlmApi {
  readonly infer: {
    readonly path: string;
    body(model: string, prompt: string, params: InferencingParams): unknown;
    /** Undefined where the answer is of another form. */
    result(answer: unknown): InferencingResult | undefined;
  };
  readonly embed: {
    readonly path: string;
    body(model: string, texts: readonly string[]): unknown;
    result(answer: unknown): EmbeddingsResult | undefined;
  };
  /** The server's own message, where its answer is an error. */
  errorOf(answer: unknown): string | undefined;
}

/** The API of Spin's cloud GPU proxy. */
export const defaultApi: LlmApi = {
  infer: {
    path: "/infer",
    body: (model, prompt, params) => ({
      model,
      prompt,
      // Same names as here.
      options: { ...params },
    }),
    result(answer) {
      const text = at(answer, "text");
      const prompt = tokens(at(answer, "usage", "promptTokenCount"));
      const generated = tokens(at(answer, "usage", "generatedTokenCount"));
      if (typeof text !== "string" || prompt === undefined || generated === undefined) {
        return undefined;
      }
      return { text, usage: { promptTokenCount: prompt, generatedTokenCount: generated } };
    },
  },
  embed: {
    path: "/embed",
    body: (model, texts) => ({ model, input: texts }),
    result: (answer) =>
      embeddings(at(answer, "embeddings"), at(answer, "usage", "promptTokenCount")),
  },
  errorOf: () => undefined,
};

/** The API of OpenAI, which many servers speak. */
export const openAiApi: LlmApi = {
  infer: {
    path: "/v1/chat/completions",
    body: (model, prompt, params) => ({
      messages: [{ role: "user", content: prompt }],
      model,
      max_completion_tokens: params.maxTokens,
      frequency_penalty: params.repeatPenalty,
    }),
    result(answer) {
      const choices = at(answer, "choices");
      const prompt = tokens(at(answer, "usage", "prompt_tokens"));
      const generated = tokens(at(answer, "usage", "completion_tokens"));
      if (!Array.isArray(choices) || prompt === undefined || generated === undefined) {
        return undefined;
      }
      const text = choices.length === 0 ? "" : at(choices[0], "message", "content");
      if (typeof text !== "string") return undefined;
      return { text, usage: { promptTokenCount: prompt, generatedTokenCount: generated } };
    },
  },
  embed: {
    path: "/v1/embeddings",
    body: (model, texts) => ({ input: texts, model }),
    result(answer) {
      const data = at(answer, "data");
      if (!Array.isArray(data)) return undefined;
      const vectors = data.map((item) => at(item, "embedding"));
      return embeddings(vectors, at(answer, "usage", "prompt_tokens"));
    },
  },
  errorOf(answer) {
    const message = at(answer, "error", "message");
    return typeof message === "string" ? message : undefined;
  },
};

function embeddings(vectors: unknown, promptTokens: unknown): EmbeddingsResult | undefined {
  const promptTokenCount = tokens(promptTokens);
  if (!Array.isArray(vectors) || promptTokenCount === undefined) return undefined;
  if (!vectors.every(isVector)) return undefined;
  return { embeddings: vectors, usage: { promptTokenCount } };
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

/** A u32. */
function tokens(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff
    ? (value as number)
    : undefined;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

import type { Result } from "../../instance/host-interface.ts";

/** `inferencing-params`. */
export interface InferencingParams {
  readonly maxTokens: number;
  readonly repeatPenalty: number;
  readonly repeatPenaltyLastNTokenCount: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

/** `inferencing-result`. */
export interface InferencingResult {
  readonly text: string;
  readonly usage: { readonly promptTokenCount: number; readonly generatedTokenCount: number };
}

/** `embeddings-result`. */
export interface EmbeddingsResult {
  readonly embeddings: readonly (readonly number[])[];
  readonly usage: { readonly promptTokenCount: number };
}

/** `error` of fermyon:spin/llm. */
export type LlmError =
  | { readonly tag: "model-not-supported"; readonly val: undefined }
  | { readonly tag: "runtime-error"; readonly val: string }
  | { readonly tag: "invalid-input"; readonly val: string };

export type LlmAnswer<T> = Promise<Result<T, LlmError>>;

/** What infers for guests. */
export interface LlmEngine {
  infer(model: string, prompt: string, params: InferencingParams): LlmAnswer<InferencingResult>;
  embed(model: string, texts: readonly string[]): LlmAnswer<EmbeddingsResult>;
}

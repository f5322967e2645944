import { err, type HostInterface } from "../../instance/host-interface.ts";
import type {
  EmbeddingsResult,
  InferencingParams,
  InferencingResult,
  LlmAnswer,
  LlmEngine,
  LlmError,
} from "./llm-engine.ts";

/** What the inference interfaces need of an instance's context. */
export interface LlmScope {
  readonly llm: {
    /** The component's `ai_models`. */
    readonly allowed: ReadonlySet<string>;
    /** The one of this process. */
    readonly engine: LlmEngine;
  };
}

/** What counts where a guest gives no parameters (same as Spin). */
const defaultParams: InferencingParams = {
  maxTokens: 100,
  repeatPenalty: 1.1,
  repeatPenaltyLastNTokenCount: 64,
  temperature: 0.8,
  topK: 40,
  topP: 0.9,
};

async function infer(
  { llm }: LlmScope,
  model: string,
  prompt: string,
  params: InferencingParams | undefined,
): LlmAnswer<InferencingResult> {
  if (!llm.allowed.has(model)) return err(accessDenied(model));
  return llm.engine.infer(model, prompt, params ?? defaultParams);
}

async function generateEmbeddings(
  { llm }: LlmScope,
  model: string,
  texts: string[],
): LlmAnswer<EmbeddingsResult> {
  if (!llm.allowed.has(model)) return err(accessDenied(model));
  return llm.engine.embed(model, texts);
}

function accessDenied(model: string): LlmError {
  return {
    tag: "invalid-input",
    val:
      `The component does not have access to use '${model}'. To give the component access, add ` +
      `'${model}' to the 'ai_models' key for the component in your spin.toml manifest`,
  };
}

function llmInterface(version: string | undefined): HostInterface<LlmScope> {
  const functions = { infer, "generate-embeddings": generateEmbeddings };
  return {
    name: "fermyon:spin/llm",
    version,
    functions,
    suspending: new Set(Object.keys(functions)),
    resources: {},
  };
}

/** fermyon:spin/llm of Spin 1, without a version. */
export const llmV1: HostInterface<LlmScope> = llmInterface(undefined);

/** fermyon:spin/llm@2.0.0. */
export const llmV2: HostInterface<LlmScope> = llmInterface("2.0.0");

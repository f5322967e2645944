import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Agent } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callHost } from "../network/call-host.ts";
import { llmV1, llmV2, type LlmScope } from "./llm.ts";
import { llmEngine, type LlmComputeOptions } from "./remote-engine.ts";

let server: Server;
let url: string;
let answer: { status: number; body: string } = { status: 200, body: "" };
let asked: { path: string | undefined; authorization: string | undefined; body: unknown };
const agent = new Agent();

beforeAll(async () => {
  server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "";
});

afterAll(async () => {
  await agent.close();
  server.close();
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  asked = {
    path: request.url,
    authorization: request.headers.authorization,
    body: JSON.parse(body),
  };
  if (answer.body === "gone") request.socket.destroy();
  else response.writeHead(answer.status).end(answer.body);
}

type RemoteApi = Extract<LlmComputeOptions, { type: "remote_http" }>["apiType"];

function scope(apiType: RemoteApi): LlmScope {
  const options: LlmComputeOptions = { type: "remote_http", url, authToken: "t0ken", apiType };
  return { llm: { allowed: new Set(["m"]), engine: llmEngine(options, agent) } };
}

const params = {
  maxTokens: 7,
  repeatPenalty: 1.5,
  repeatPenaltyLastNTokenCount: 3,
  temperature: 0.5,
  topK: 2,
  topP: 0.25,
};
const inferred = {
  tag: "ok",
  val: { text: "hello", usage: { promptTokenCount: 2, generatedTokenCount: 3 } },
};
const embedded = { tag: "ok", val: { embeddings: [[0.5, 1]], usage: { promptTokenCount: 4 } } };
const failed = (tag: string, text: string): unknown => ({
  tag: "err",
  val: { tag, val: expect.stringContaining(text) },
});

test.each([
  {
    api: "default" as const,
    inferPath: "/infer",
    inferBody: { model: "m", prompt: "hi", options: params },
    inferAnswer: { text: "hello", usage: { promptTokenCount: 2, generatedTokenCount: 3 } },
    embedPath: "/embed",
    embedBody: { model: "m", input: ["a"] },
    embedAnswer: { embeddings: [[0.5, 1]], usage: { promptTokenCount: 4 } },
  },
  {
    api: "open_ai" as const,
    inferPath: "/v1/chat/completions",
    inferBody: {
      messages: [{ role: "user", content: "hi" }],
      model: "m",
      max_completion_tokens: 7,
      frequency_penalty: 1.5,
    },
    inferAnswer: {
      choices: [{ message: { content: "hello" } }],
      usage: { prompt_tokens: 2, completion_tokens: 3 },
    },
    embedPath: "/v1/embeddings",
    embedBody: { model: "m", input: ["a"] },
    embedAnswer: { data: [{ embedding: [0.5, 1] }], usage: { prompt_tokens: 4 } },
  },
])("the $api API", async (row) => {
  answer = { status: 200, body: JSON.stringify(row.inferAnswer) };
  expect(await callHost(llmV2, scope(row.api), "infer", "m", "hi", params)).toEqual(inferred);
  expect(asked).toEqual({
    path: row.inferPath,
    authorization: "bearer t0ken",
    body: row.inferBody,
  });
  answer = { status: 200, body: JSON.stringify(row.embedAnswer) };
  expect(await callHost(llmV1, scope(row.api), "generate-embeddings", "m", ["a"])).toEqual(
    embedded,
  );
  expect(asked).toMatchObject({ path: row.embedPath, body: row.embedBody });
});

test("parameters that count where a guest gives none", async () => {
  answer = { status: 200, body: "{}" };
  await callHost(llmV1, scope("default"), "infer", "m", "hi", undefined);
  expect(asked.body).toMatchObject({ options: { maxTokens: 100, topK: 40, temperature: 0.8 } });
});

test("a model that is not allowed", async () => {
  const text =
    "The component does not have access to use 'x'. To give the component access, add 'x' to the " +
    "'ai_models' key for the component in your spin.toml manifest";
  const denied = { tag: "err", val: { tag: "invalid-input", val: text } };
  expect(await callHost(llmV2, scope("default"), "infer", "x", "hi", undefined)).toEqual(denied);
  expect(await callHost(llmV2, scope("default"), "generate-embeddings", "x", [])).toEqual(denied);
});

test.each([
  ["not JSON", 200, "<html>", "Failed to deserialize"],
  ["of another form", 200, '{"text":1}', "unexpected fields"],
  ["negative counts", 200, '{"text":"","usage":{"promptTokenCount":-1}}', "unexpected fields"],
  ["an empty error", 500, "", "Failed to deserialize"],
  ["a lost connection", 200, "gone", "POST /infer request error"],
])("an answer that is %s", async (_, status, body, text) => {
  answer = { status, body };
  expect(await callHost(llmV2, scope("default"), "infer", "m", "hi", undefined)).toEqual(
    failed("runtime-error", text),
  );
});

test("the message of an OpenAI error", async () => {
  answer = { status: 401, body: '{"error":{"message":"bad key"}}' };
  expect(await callHost(llmV2, scope("open_ai"), "infer", "m", "hi", undefined)).toEqual(
    failed("runtime-error", "bad key"),
  );
});

test.each([undefined, { type: "spin" as const }])("no engine: %j", async (options) => {
  const none: LlmScope = { llm: { allowed: new Set(["m"]), engine: llmEngine(options, agent) } };
  const error = failed("runtime-error", "Local LLM operations are not supported");
  expect(await callHost(llmV2, none, "infer", "m", "hi", undefined)).toEqual(error);
  expect(await callHost(llmV2, none, "generate-embeddings", "m", [])).toEqual(error);
});

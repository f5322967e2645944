import { expect, test } from "vitest";
import { ConsoleClient, ConsoleError, queryText } from "./console-client.ts";

interface Asked {
  readonly url: string;
  readonly headers: Record<string, string>;
}

function client(answer: Response | Error, asked: Asked[] = []): ConsoleClient {
  const fetching = async (input: unknown, init?: RequestInit): Promise<Response> => {
    asked.push({ url: String(input), headers: init?.headers as Record<string, string> });
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return new ConsoleClient(fetching, () => "secret");
}

test("the token goes with every request, names are encoded", async () => {
  const asked: Asked[] = [];
  await client(Response.json({ id: "a" }), asked).app("ns/a b", undefined);
  expect(asked).toEqual([
    { url: "/api/apps/ns%2Fa%20b", headers: { authorization: "Bearer secret" } },
  ]);
});

test.each([
  { name: "the server's own word", answer: problem(401, "unauthorized"), code: "unauthorized" },
  {
    name: "an answer of somebody else",
    answer: new Response("<h1>", { status: 502 }),
    code: "internal",
  },
  { name: "no answer", answer: new TypeError("Failed to fetch"), code: "unreachable" },
])("$name is an error with a code", async ({ answer, code }) => {
  const error = await client(answer)
    .info()
    .catch((each: unknown) => each);
  expect(error).toBeInstanceOf(ConsoleError);
  expect(error).toMatchObject({ code });
});

function problem(status: number, code: string): Response {
  return Response.json({ code, message: "no" }, { status });
}

test("events come one by one, characters cut anywhere", async () => {
  const bytes = new TextEncoder().encode(
    'event: usage\ndata: {"n":"é"}\n\nevent: info\ndata: 1\n\n',
  );
  const body = new ReadableStream<Uint8Array>({
    start(controller): void {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  const events: unknown[] = [];
  const { signal } = new AbortController();
  for await (const event of client(new Response(body)).events({}, signal)) events.push(event);
  expect(events).toEqual([
    { event: "usage", data: { n: "é" } },
    { event: "info", data: 1 },
  ]);
});

test.each([
  [{}, ""],
  [{ app: undefined, path: "" }, ""],
  [{ app: "a&b", path: "/x y" }, "?app=a%26b&path=%2Fx+y"],
])("the query of %o is %o", (query, text) => {
  expect(queryText(query)).toBe(text);
});

import { describe, expect, test } from "vitest";
import { limits } from "../limits.ts";
import { ApiSender, queryText, retryMs } from "./api-sender.ts";
import { FakeApi, type FakeAnswer, refusal } from "./fake-api.ts";
import { FakeClock } from "./fake-clock.ts";
import { KubeError, errorOfStatus, unreachable } from "./kube-error.ts";

const busy: FakeAnswer = { ...refusal(429, "TooManyRequests"), headers: { "retry-after": "2" } };
const fine: FakeAnswer = { status: 200, body: { ok: true } };

/** Answers one after the other, the last one for ever; an Error is a lost connection. */
function sender(...answers: (FakeAnswer | Error)[]): {
  api: FakeApi;
  sender: ApiSender;
  clock: FakeClock;
} {
  let next = 0;
  const clock = new FakeClock();
  const api = new FakeApi(() => {
    const answer = answers[Math.min(next, answers.length - 1)];
    next += 1;
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error("no answer");
    return answer;
  });
  return { api, clock, sender: new ApiSender({ transport: api, userAgent: "test", clock }) };
}

const get = { method: "GET", path: "/x" } as const;

describe("retryMs", () => {
  const lost = unreachable("GET /x", new Error("cut"));
  const asked = new KubeError({ reason: "Unknown", status: 503, message: "", retryAfterMs: 3000 });
  const long = new KubeError({ reason: "Unknown", status: 429, message: "", retryAfterMs: 9e9 });
  const conflict = new KubeError({ reason: "Conflict", status: 409, message: "", retryAfterMs: 1 });
  const plain = errorOfStatus({ code: 500 }, "GET /x");
  const unauthorized = errorOfStatus({ code: 401 }, "GET /x");
  test.each([
    { name: "Retry-After is obeyed", error: asked, method: "POST", attempt: 5, ms: 3000 },
    { name: "within a bound", error: long, method: "GET", attempt: 0, ms: limits.retryAfterMsMax },
    { name: "so many times", error: asked, method: "GET", attempt: 10, ms: undefined },
    { name: "not for a refusal", error: conflict, method: "PUT", attempt: 0, ms: undefined },
    { name: "not for a 500 without it", error: plain, method: "GET", attempt: 0, ms: undefined },
    { name: "a lost GET once", error: lost, method: "GET", attempt: 0, ms: 0 },
    { name: "not twice", error: lost, method: "GET", attempt: 1, ms: undefined },
    { name: "never a lost POST", error: lost, method: "POST", attempt: 0, ms: undefined },
    { name: "never a lost PATCH", error: lost, method: "PATCH", attempt: 0, ms: undefined },
    { name: "new credentials once", error: unauthorized, method: "POST", attempt: 0, ms: 0 },
    { name: "and not twice", error: unauthorized, method: "POST", attempt: 1, ms: undefined },
  ] as const)("$name", ({ error, method, attempt, ms }) => {
    expect(retryMs(error, { method }, attempt)).toBe(ms);
  });
});

describe("sending", () => {
  test("429 is waited for as long as the server asks", async () => {
    const { api, clock, sender: sends } = sender(busy, busy, fine);
    const answer = sends.json(get);
    await clock.advance(3999);
    expect(api.requests).toHaveLength(2);
    await clock.advance(1);
    expect(await answer).toEqual({ ok: true });
    expect(api.requests).toHaveLength(3);
  });

  test("a signal ends the wait, and nothing is left", async () => {
    const { clock, sender: sends } = sender(busy);
    const stop = new AbortController();
    const answer = sends.json({ ...get, signal: stop.signal });
    answer.catch(() => undefined);
    await clock.advance(1);
    const reason = new Error("enough");
    stop.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect(clock.timers).toBe(0);
  });

  test("401 reads credentials again", async () => {
    const { api, sender: sends } = sender(refusal(401, "Unauthorized"), fine);
    expect(await sends.json(get)).toEqual({ ok: true });
    expect(api.forgotten).toBe(1);
  });

  test("a body has its media type", async () => {
    const { api, sender: sends } = sender(fine);
    await sends.json({
      method: "POST",
      path: "/x",
      query: { a: "b c", no: undefined },
      body: { a: 1 },
    });
    expect(api.requests[0]).toMatchObject({
      path: "/x?a=b+c",
      body: '{"a":1}',
      headers: { "content-type": "application/json", "user-agent": "test" },
    });
  });

  test.each([
    {
      name: "a Status",
      answer: refusal(409, "AlreadyExists", 'configmaps "a" already exists'),
      error: { reason: "AlreadyExists", message: 'GET /x: configmaps "a" already exists' },
    },
    {
      name: "text of a proxy",
      answer: { status: 502, body: "<html>Bad Gateway</html>" },
      error: { reason: "Unknown", status: 502, message: "GET /x: <html>Bad Gateway</html>" },
    },
    { name: "nothing", answer: { status: 404, body: "" }, error: { reason: "NotFound" } },
    {
      name: "a reason of the future",
      answer: refusal(418, "Teapot"),
      error: { reason: "Unknown", status: 418 },
    },
    {
      name: "a reason named like a property of all objects",
      answer: refusal(409, "constructor"),
      error: { reason: "Conflict" },
    },
    {
      name: "no JSON where JSON is due",
      answer: { status: 200, body: "hello" },
      error: { code: "protocol" },
    },
    {
      name: "a lost connection",
      answer: new Error("ECONNREFUSED"),
      error: { reason: "Unreachable", status: 0 },
    },
  ])("$name", async ({ answer, error }) => {
    await expect(sender(answer).sender.json(get)).rejects.toMatchObject(error);
  });
});

test.each([
  { query: undefined, text: "" },
  { query: { a: undefined }, text: "" },
  {
    query: { limit: 5, watch: true, labelSelector: "a=b,c!=d" },
    text: "?limit=5&watch=true&labelSelector=a%3Db%2Cc%21%3Dd",
  },
])("queryText: $text", ({ query, text }) => {
  expect(queryText(query)).toBe(text);
});

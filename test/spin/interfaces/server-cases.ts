import { expect } from "vitest";
import type { Places, InterfaceCase, Row } from "./interface-case.ts";
import { bytes, casesOf, err, ok } from "./interface-case.ts";

const text = expect.any(String) as unknown;
const denied = "127.0.0.1:9";
const tooMany = err("TooManyConnections");

/** Of Redis, MQTT, inference and HTTP. */
export function serverCases(places: Places): InterfaceCase[] {
  return [
    ...casesOf("fermyon:spin/redis", redisV1Rows(places)),
    ...casesOf("fermyon:spin/redis@2.0.0", [
      ...redisRows(places, "v2"),
      ["open", "too-many-connections", [places.redis, 10_000], tooMany, "open many"],
    ]),
    ...casesOf("spin:redis/redis@3.0.0", [
      ...redisRows(places, "v3"),
      ["open", "too-many-connections", [places.redis, 10_000], tooMany, "open many"],
    ]),
    ...casesOf("fermyon:spin/mqtt@2.0.0", mqttRows(places)),
    ...casesOf("spin:mqtt/mqtt@3.0.0", mqttRows(places)),
    ...["fermyon:spin/llm", "fermyon:spin/llm@2.0.0"].flatMap((name) => casesOf(name, llmRows)),
    ...casesOf("fermyon:spin/http", httpRows(places)),
  ];
}

const parameters = [{ Binary: bytes("v1n") }, { Int64: 41 }];

function redisV1Rows({ redis, nowhere }: Places): readonly Row[] {
  const none = `redis://${nowhere}`;
  const failed = err("Error");
  return [
    ["set", "works", [redis, "v1", bytes("a")], ok()],
    ["set", "server down", [none, "v1", bytes("a")], failed],
    ["get", "works", [redis, "v1"], ok(bytes("a"))],
    ["get", "missing: empty", [redis, "none"], ok([])],
    ["get", "denied", [`redis://${denied}`, "v1"], failed],
    ["get", "bad address", ["nonsense", "v1"], failed],
    ["get", "server down", [none, "v1"], failed],
    ["incr", "works", [redis, "v1i"], ok(1)],
    ["incr", "wrong type", [redis, "v1"], failed],
    ["publish", "works", [redis, "channel", bytes("a")], ok()],
    ["publish", "denied", [`redis://${denied}`, "channel", []], failed],
    ["sadd", "works", [redis, "v1s", ["a"]], ok(1)],
    ["sadd", "wrong type", [redis, "v1", ["a"]], failed],
    ["smembers", "works", [redis, "v1s"], ok(["a"])],
    ["smembers", "wrong type", [redis, "v1"], failed],
    ["srem", "works", [redis, "v1s", ["a", "b"]], ok(1)],
    ["srem", "wrong type", [redis, "v1", ["a"]], failed],
    ["del", "works", [redis, ["v1", "v1i", "none"]], ok(2)],
    ["del", "server down", [none, ["v1"]], failed],
    ["execute", "works", [redis, "SET", parameters], ok([{ Status: "OK" }])],
    ["execute", "unknown command", [redis, "NONSENSE", []], failed],
  ];
}

function redisRows(places: Places, key: string): readonly Row[] {
  const { redis, redisReader, redisRenamed, nowhere } = places;
  const none = `redis://${nowhere}`;
  const other = err({ Other: text });
  const mget = [{ Binary: bytes(key) }, { Binary: bytes("none") }];
  const got = ok([{ Binary: bytes("a") }, "Nil"]);
  return [
    ["open", "works", [redis], ok()],
    ["open", "denied: invalid-address", [`redis://${denied}`], err("InvalidAddress")],
    ["open", "bad address: invalid-address", ["nonsense"], err("InvalidAddress")],
    ["open", "server down: other", [none], other],
    ["set", "works", [redis, key, bytes("a")], ok()],
    ["get", "works", [redis, key], ok(bytes("a"))],
    ["get", "missing: none", [redis, "none"], ok()],
    ["publish", "works", [redis, "channel", bytes("a")], ok()],
    ["publish", "may not: other", [redisReader, "channel", bytes("a")], other],
    ["set", "may not: other", [redisReader, key, bytes("b")], other],
    ["del", "may not: other", [redisReader, [key]], other],
    ["incr", "works", [redis, `${key}i`], ok(1)],
    ["incr", "wrong type: other", [redis, key], other],
    ["sadd", "works", [redis, `${key}s`, ["a", "b"]], ok(2)],
    ["sadd", "wrong type: other", [redis, key, ["a"]], other],
    ["sadd", "no number: type-error", [redisRenamed, key, ["a"]], err("TypeError")],
    ["smembers", "works", [redis, `${key}s`], ok(expect.arrayContaining(["a", "b"]))],
    ["smembers", "wrong type: other", [redis, key], other],
    ["get", "wrong type: other", [redis, `${key}s`], other],
    ["srem", "works", [redis, `${key}s`, ["a", "none"]], ok(1)],
    ["srem", "wrong type: other", [redis, key, ["a"]], other],
    ["execute", "status", [redis, "PING", []], ok([{ Status: "PONG" }])],
    ["execute", "binary and nil", [redis, "MGET", mget], got],
    ["execute", "int64", [redis, "STRLEN", mget.slice(0, 1)], ok([{ Int64: 1 }])],
    ["execute", "unknown command: other", [redis, "NONSENSE", []], other],
    ["del", "works", [redis, [key, `${key}i`, `${key}s`]], ok(3)],
  ];
}

function mqttRows({ mqtt, nowhere }: Places): readonly Row[] {
  const login = (address: string, password = "s3 cret") => [address, "sensor", password, 5];
  const notPermitted = `address mqtt://${denied}?client_id=a is not permitted`;
  return [
    ["open", "works", [login(mqtt)], ok()],
    [
      "open",
      "denied",
      [login(`mqtt://${denied}?client_id=a`)],
      err({ ConnectionFailed: notPermitted }),
    ],
    [
      "open",
      "without client_id: invalid-address",
      [login(mqtt.replace(/\?.*/, ""))],
      err("InvalidAddress"),
    ],
    ["open", "too-many-connections", [login(mqtt), 10_000], tooMany, "open many"],
    ["publish", "at-most-once", [login(mqtt), "t", bytes("a"), "AtMostOnce"], ok()],
    ["publish", "at-least-once", [login(mqtt), "t", bytes("b"), "AtLeastOnce"], ok()],
    ["publish", "exactly-once", [login(mqtt), "t", bytes("c"), "ExactlyOnce"], ok()],
    [
      "publish",
      "to a pattern: other",
      [login(mqtt), "t/+", [], "AtMostOnce"],
      err({ Other: text }),
    ],
    [
      ...(["publish", "wrong password", [login(mqtt, "wrong"), "t", [], "AtLeastOnce"]] as const),
      err(expect.anything()),
    ],
    [
      ...([
        "publish",
        "server down",
        [login(`mqtt://${nowhere}?client_id=a`), "t", [], "AtLeastOnce"],
      ] as const),
      err(expect.anything()),
    ],
  ];
}

const modelDenied = err({ InvalidInput: expect.stringContaining("does not have access to use") });
const modelParameters = {
  max_tokens: 5,
  repeat_penalty: 1.5,
  repeat_penalty_last_n_token_count: 3,
  temperature: 0.5,
  top_k: 2,
  top_p: 0.25,
};

const llmRows: readonly Row[] = [
  [
    ...(["infer", "works", ["tiny", "hi", null]] as const),
    ok({ text: "tiny says: hi", usage: { prompt_token_count: 2, generated_token_count: 3 } }),
  ],
  ["infer", "with parameters", ["tiny", "hi", modelParameters], ok(expect.anything())],
  ["infer", "denied: invalid-input", ["huge", "hi", null], modelDenied],
  ["infer", "server's error: runtime-error", ["tiny", "fail", null], err({ RuntimeError: "no" })],
  [
    ...(["generate-embeddings", "works", ["tiny", ["a", "b"]]] as const),
    ok({
      embeddings: [
        [0.5, 1],
        [0.5, 1],
      ],
      usage: { prompt_token_count: 2 },
    }),
  ],
  ["generate-embeddings", "denied: invalid-input", ["huge", ["a"]], modelDenied],
  [
    ...(["generate-embeddings", "server's error: runtime-error", ["tiny", ["fail"]]] as const),
    err({ RuntimeError: "no" }),
  ],
];

function httpRows({ web, nowhere }: Places): readonly Row[] {
  const request = (uri: string, changed: object = {}): object[] => [
    { method: "Get", uri, headers: [], params: [], body: null, ...changed },
  ];
  const post = { method: "Post", headers: [["x-a", "b"]], body: bytes('{"a":1}') };
  const posted = { method: "POST", path: "/echo", header: "b", body: { a: 1 } };
  const redirected = { method: "GET", path: "/echo" };
  const answer = (status: number, body: object): unknown =>
    ok({ status, headers: expect.any(Array) as unknown, body: bytes(JSON.stringify(body)) });
  const notAllowed = err("DestinationNotAllowed");
  return [
    ["send-request", "works", request(`${web}/echo`, post), answer(200, posted)],
    [
      "send-request",
      "follows redirects",
      request(`${web}/redirect`, post),
      answer(200, redirected),
    ],
    ["send-request", "denied", request(`http://${denied}/`), notAllowed],
    ["send-request", "redirected to what is denied", request(`${web}/astray`), notAllowed],
    [
      "send-request",
      "redirected for ever: runtime-error",
      request(`${web}/loop`),
      err("RuntimeError"),
    ],
    ["send-request", "the app itself, denied", request("/self"), notAllowed],
    ["send-request", "bad address", request("nonsense"), notAllowed],
    [
      "send-request",
      "permitted, but no address: invalid-url",
      request(`${new URL(web || "http://a").host}/echo`),
      err("InvalidUrl"),
    ],
    [
      "send-request",
      "server down: runtime-error",
      request(`http://${nowhere}/`),
      err("RuntimeError"),
    ],
    [
      ...(["send-request", "bad header: runtime-error"] as const),
      ...[request(`${web}/echo`, { headers: [["a b", "c"]] }), err("RuntimeError")],
    ] as unknown as Row,
  ];
}
